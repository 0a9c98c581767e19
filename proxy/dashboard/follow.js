/** @typedef {import('../control/api.gen.ts').components['schemas']} Schemas */

/**
 * @typedef {object} Listener
 * @property {() => void} alive Something came, a heartbeat at least.
 * @property {(event: Schemas['StatusEvent']) => void} status
 * @property {(problem: Schemas['Problem']) => void} problem
 * @property {() => void} lost
 * @property {(detail: string) => Promise<void>} locked A token is asked for; resolves when there is a new one.
 */

/** Three heartbeats: a connection that is silent for longer is dead, whatever the browser thinks of it. */
const SILENCE_MS = 15_000;
const RETRY_MS = 1_000;
const SLOWEST_RETRY_MS = 10_000;

/**
 * Follows the control API for ever. Not an EventSource, for that cannot send a token.
 * @param {() => string | null} token
 * @param {Listener} listener
 */
export async function follow(token, listener) {
  let lastId = '';
  let wait = RETRY_MS;
  for (;;) {
    try {
      const response = await connect(token(), lastId, listener);
      if (response) {
        for await (const frame of frames(response.body, listener)) {
          wait = RETRY_MS;
          lastId = frame.id || lastId;
          tell(frame, listener);
        }
      } else continue;
    } catch {
      // Whatever broke the connection, the answer is the same: say so, wait, connect again.
    }
    listener.lost();
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 1.6, SLOWEST_RETRY_MS);
  }
}

/** @param {string | null} token @param {string} lastId @param {Listener} listener */
async function connect(token, lastId, listener) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'text/event-stream' };
  if (token) headers['authorization'] = `Bearer ${token}`;
  if (lastId) headers['last-event-id'] = lastId;
  const response = await fetch('/v1/events', { headers, cache: 'no-store' });
  if (response.ok) return response;
  const problem = /** @type {Schemas['Problem']} */ (fromJson(await response.text()));
  if (problem.code !== 'unauthorized') throw new Error(problem.detail);
  await listener.locked(token ? problem.detail : '');
  return null;
}

/** @param {{ id: string, event: string, data: string }} frame @param {Listener} listener */
function tell({ event, data }, listener) {
  if (event === 'status') listener.status(/** @type {Schemas['StatusEvent']} */ (fromJson(data)));
  if (event === 'problem') listener.problem(/** @type {Schemas['Problem']} */ (fromJson(data)));
}

/** @param {ReadableStream<Uint8Array> | null} body @param {Listener} listener */
async function* frames(body, listener) {
  if (!body) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await beforeSilence(reader);
    if (done) return;
    listener.alive();
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) yield parse(part);
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function beforeSilence(reader) {
  const timer = setTimeout(() => void reader.cancel('silence'), SILENCE_MS);
  try {
    return await reader.read();
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} frame */
function parse(frame) {
  const fields = { id: '', event: '', data: '' };
  for (const line of frame.split('\n')) {
    const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)];
    if (name === 'id' || name === 'event' || name === 'data') fields[name] += value;
  }
  return fields;
}

/** @param {string} text @returns {unknown} */
function fromJson(text) {
  return JSON.parse(text);
}
