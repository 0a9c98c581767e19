import { isClaim } from '../lane/forwarded.ts';
import { HeaderLines, trimmed } from './header-lines.ts';

/** The head of a request that can be read in one way only, and asks for nothing unusual. */
export interface PlainHead {
  method: string;
  /** In origin form, as the bytes that came. */
  target: string;
  lines: HeaderLines;
  /** Number of header lines. */
  count: number;
  /** The lines that go on to an upstream: those of this hop and those that say who the client is are left out. */
  kept: string;
  /** What the peer says of the client, by lower-case name; null when it says nothing. */
  claims: Record<string, string> | null;
  host: string;
  bodyBytes: number;
  /** The client wants its connection to end with the answer. */
  wantsToEnd: boolean;
}

/** The whole grammar: anything else is not plain, be it wrong or just unusual. */
const PLAIN =
  /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[!-~]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^`|~\w-]+:[\t -~]*\r\n)+\r\n$/;

const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/;
/** Up to what a number holds exactly. */
const LENGTH = /^\d{1,15}$/;

/** Headers that ask for more than to pass a request on. */
const UNUSUAL: ReadonlySet<string> = new Set([
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const SAYS_ZERO: ReadonlySet<string> = new Set(['DELETE', 'OPTIONS']);
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);
/** Looking for doubled names takes the square of their number. */
const MOST_LINES = 64;
const VERSION = ' HTTP/1.1'.length;

/**
 * Reads the head of a request. It repairs nothing and answers nothing: whatever it is not sure of is not plain, and
 * belongs to the general lane.
 *
 * @param text the head up to and including its empty line, a character for each byte
 * @returns null when it is not plain
 */
export function readPlainHead(text: string): PlainHead | null {
  if (!PLAIN.test(text)) return null;
  const methodEnd = text.indexOf(' ');
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  const found = readLines(text.slice(targetEnd + VERSION, -2));
  if (found === null) return null;
  const method = text.slice(0, methodEnd);
  const takesBody = WITH_BODY.has(method);
  // Without a length, a body that is none would have to be announced to the upstream by somebody.
  if (takesBody ? found.bodyBytes === null : found.bodyBytes !== null && found.bodyBytes > 0) return null;
  const target = text.slice(methodEnd + 1, targetEnd);
  // As the general lane has it: some servers wait for a body after these unless they are told that there is none.
  const isLengthMissing = found.bodyBytes === null && SAYS_ZERO.has(method);
  const kept = isLengthMissing ? `${found.kept}content-length: 0\r\n` : found.kept;
  return { ...found, kept, method, target, bodyBytes: found.bodyBytes ?? 0 };
}

type FoundLines = Omit<PlainHead, 'method' | 'target' | 'bodyBytes'> & { bodyBytes: number | null };

/** Goes through the lines once; null when one of them, or two together, are not plain. */
function readLines(text: string): FoundLines | null {
  const lower = text.toLowerCase();
  const names: string[] = [];
  let [kept, keptFrom] = ['', 2];
  let host: string | null = null;
  let bodyBytes: number | null = null;
  let wantsToEnd = false;
  let claims: Record<string, string> | null = null;
  for (let at = 2; at < text.length;) {
    const colon = lower.indexOf(':', at);
    const end = lower.indexOf('\r\n', colon);
    const name = lower.slice(at, colon);
    if (names.length >= MOST_LINES || names.includes(name) || UNUSUAL.has(name)) return null;
    names.push(name);
    if (name === 'host') {
      host = trimmed(text, colon + 1, end);
    } else if (name === 'content-length') {
      const value = trimmed(text, colon + 1, end);
      if (!LENGTH.test(value)) return null;
      bodyBytes = Number(value);
    } else if (name === 'connection') {
      const value = trimmed(lower, colon + 1, end);
      if (value !== 'close' && value !== 'keep-alive') return null;
      wantsToEnd = value === 'close';
      kept += text.slice(keptFrom, at);
      keptFrom = end + 2;
    } else if (mayBeClaim(name) && isClaim(name)) {
      (claims ??= {})[name] = trimmed(text, colon + 1, end);
      kept += text.slice(keptFrom, at);
      keptFrom = end + 2;
    }
    at = end + 2;
  }
  if (host === null || !HOST.test(host)) return null;
  kept += text.slice(keptFrom);
  const lines = new HeaderLines(text, lower);
  return { lines, count: names.length, kept, claims, host, bodyBytes, wantsToEnd };
}

function mayBeClaim(name: string): boolean {
  const first = name.charCodeAt(0);
  return first === 120 || first === 102;
}
