import { isClaim } from '../lane/forwarded.ts';
import { DoubledNames, HeaderLines, trimmed } from './header-lines.ts';

/** What the header lines of a plain head say. */
interface FoundLines {
  readonly lines: HeaderLines;
  /** The lines with the empty one behind them. */
  tail: string;
  /** Number of header lines. */
  count: number;
  /** The lines that go on to an upstream: those of this hop and those that say who the client is are left out. */
  kept: string;
  /** What the peer says of the client, by lower-case name; null when it says nothing. */
  claims: Record<string, string> | null;
  host: string;
  /** Null where nothing is said of it. */
  bodyBytes: number | null;
  /** The client wants its connection to end with the answer. */
  wantsToEnd: boolean;
}

/** The head of a request that can be read in one way only, and asks for nothing unusual. */
export interface PlainHead extends FoundLines {
  method: string;
  /** In origin form, as the bytes that came. */
  target: string;
  bodyBytes: number;
  /** Of the whole head. */
  bytes: number;
  /** The lines as they came, for the next head. */
  found: FoundLines;
}

/** The whole grammar: anything else is not plain, be it wrong or just unusual. */
const PLAIN =
  /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[!-~]* HTTP\/1\.1\r\n(?:[!#$%&'*+.^`|~\w-]+:[\t -~]*\r\n)+\r\n$/;

/** The first line of it, without its end. */
const REQUEST_LINE = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[!-~]* HTTP\/1\.1$/;

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

/** Looking for doubled names may take the square of their number. */
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
  const lineEnd = text.indexOf('\r\n');
  const found = readLines(text.slice(lineEnd, -2));
  return found && headOf(text, lineEnd, found);
}

/**
 * Reads a head whose lines are those of the one before it on the same connection: most clients say the same of
 * themselves each time, and what was read of it once need not be read again.
 *
 * @param text more may stand behind the head
 * @returns null when the lines are others, or the head is not plain
 */
export function readRepeatedHead(text: string, { found }: PlainHead): PlainHead | null {
  const lineEnd = text.indexOf('\r\n');
  // Compared as a whole: `startsWith` goes character by character.
  if (
    text.slice(lineEnd, lineEnd + found.tail.length) !== found.tail ||
    !REQUEST_LINE.test(text.slice(0, lineEnd))
  )
    return null;
  return headOf(text, lineEnd, found);
}

/** What a request line that is plain makes of lines that are. */
function headOf(text: string, lineEnd: number, found: FoundLines): PlainHead | null {
  const methodEnd = text.indexOf(' ');
  const targetEnd = lineEnd - VERSION;
  const method = methodOf(text, methodEnd);
  const takesBody = method.startsWith('P');
  // Without a length, a body that is none would have to be announced to the upstream by somebody.
  if (takesBody ? found.bodyBytes === null : found.bodyBytes !== null && found.bodyBytes > 0) return null;
  const target = text.slice(methodEnd + 1, targetEnd);
  // As the general lane has it: some servers wait for a body after these unless they are told that there is none.
  const isLengthMissing = found.bodyBytes === null && (method === 'DELETE' || method === 'OPTIONS');
  return {
    method,
    target,
    bytes: lineEnd + found.tail.length,
    found,
    lines: found.lines,
    tail: found.tail,
    count: found.count,
    kept: isLengthMissing ? `${found.kept}content-length: 0\r\n` : found.kept,
    claims: found.claims,
    host: found.host,
    bodyBytes: found.bodyBytes ?? 0,
    wantsToEnd: found.wantsToEnd,
  };
}

/** Of a head that passed the grammar: its letter and length tell, and one text for all is quicker than a new one. */
function methodOf(text: string, length: number): string {
  switch (text.charAt(0)) {
    case 'G':
      return 'GET';
    case 'H':
      return 'HEAD';
    case 'D':
      return 'DELETE';
    case 'O':
      return 'OPTIONS';
    default:
      return length === 3 ? 'PUT' : length === 4 ? 'POST' : 'PATCH';
  }
}

/** Goes through the lines once; null when one of them, or two together, are not plain. */
function readLines(text: string): FoundLines | null {
  const lower = text.toLowerCase();
  const names = new DoubledNames(lower);
  let [kept, keptFrom, count] = ['', 2, 0];
  let host: string | null = null;
  let bodyBytes: number | null = null;
  let wantsToEnd = false;
  let claims: Record<string, string> | null = null;
  for (let at = 2; at < text.length; count += 1) {
    const colon = lower.indexOf(':', at);
    const end = lower.indexOf('\r\n', colon);
    if (count >= MOST_LINES || names.add(at, colon)) return null;
    const meaning = meaningOf(lower, at, colon);
    if (meaning === 'unusual') return null;
    if (meaning !== 'any') {
      const value = trimmed(text, colon + 1, end);
      if (meaning === 'host') host = value;
      else if (meaning === 'content-length') {
        if (!LENGTH.test(value)) return null;
        bodyBytes = Number(value);
      } else {
        kept += text.slice(keptFrom, at);
        keptFrom = end + 2;
        if (meaning === 'claim') (claims ??= {})[lower.slice(at, colon)] = value;
        else {
          const wanted = value.toLowerCase();
          if (wanted !== 'close' && wanted !== 'keep-alive') return null;
          wantsToEnd = wanted === 'close';
        }
      }
    }
    at = end + 2;
  }
  if (host === null || !HOST.test(host)) return null;
  kept += text.slice(keptFrom);
  return {
    lines: new HeaderLines(text, lower),
    tail: `${text}\r\n`,
    count,
    kept,
    claims,
    host,
    bodyBytes,
    wantsToEnd,
  };
}

type Meaning = 'any' | 'host' | 'content-length' | 'connection' | 'claim' | 'unusual';

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['connection', 'connection'],
  ...[...UNUSUAL].map((name) => [name, 'unusual'] as const),
]);
/** How long the names are that mean something. */
const LENGTHS: ReadonlySet<number> = new Set([...MEANINGS.keys()].map(({ length }) => length));
const [LETTER_F, LETTER_X] = ['f'.charCodeAt(0), 'x'.charCodeAt(0)];

/** Of most lines the length of their name says that they mean nothing here. */
function meaningOf(lower: string, at: number, colon: number): Meaning {
  const first = lower.charCodeAt(at);
  if ((first === LETTER_X || first === LETTER_F) && isClaim(lower.slice(at, colon))) return 'claim';
  if (!LENGTHS.has(colon - at)) return 'any';
  return MEANINGS.get(lower.slice(at, colon)) ?? 'any';
}
