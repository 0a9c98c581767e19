/** One server-sent event. */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

/**
 * The events of a stream, in order. Ends when the stream does, and when nothing came for `silenceMs`: such a
 * connection is dead, whatever the browser thinks of it.
 *
 * @param sign called for each piece that comes, a heartbeat at least
 */
export async function* framesOf(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  sign: () => void,
): AsyncGenerator<Frame> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  // Pieces are joined only once an event is whole: a large one comes in hundreds of them.
  let pieces: string[] = [];
  for (;;) {
    const { done, value } = await beforeSilence(reader, silenceMs);
    if (done) return;
    sign();
    const piece = decoder.decode(value, { stream: true });
    pieces.push(piece);
    if (!piece.includes('\n')) continue;
    const parts = pieces.join('').split('\n\n');
    pieces = [parts.pop() ?? ''];
    for (const part of parts) yield frameOf(part);
  }
}

async function beforeSilence(reader: ReadableStreamDefaultReader<Uint8Array>, silenceMs: number) {
  const timer = setTimeout(() => void reader.cancel('silence'), silenceMs);
  try {
    return await reader.read();
  } finally {
    clearTimeout(timer);
  }
}

function frameOf(text: string): Frame {
  const frame = { id: '', event: '', data: '' };
  for (const line of text.split('\n')) {
    const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)];
    if (name === 'id' || name === 'event' || name === 'data') frame[name] += value;
  }
  return frame;
}
