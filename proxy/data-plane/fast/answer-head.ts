import { HeaderLines, skipBlanks, trimmed } from './header-lines.ts';

/** How the end of a body is found. */
export type Framing =
  { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunks' } | { kind: 'end' };

/** The head of an upstream's answer. */
export interface AnswerLines {
  status: number;
  /** What stands behind the status; may be empty. */
  phrase: string;
  lines: HeaderLines;
  /** The lines that go on to the client as they are. */
  kept: string;
  framing: Framing;
  hasDate: boolean;
  /** It may be silent for long. */
  isEventStream: boolean;
  /** Some of it may name the upstream's own address, or name headers that are of this hop only. */
  needsWork: boolean;
  /** Value of `Trailer`, which goes on where chunks do. */
  trailer: string | undefined;
  /** How long the upstream keeps its connection for a next request; 0 when it does not, null when it does not say. */
  keptForMs: number | null;
  /** What Content-Length says; null when it says nothing. */
  length: number | null;
  /** The head as it came. */
  text: string;
  /** It came more than once, the same each time. */
  isRepeated: boolean;
  /** What was made of it for a client, when nothing but these mattered. */
  made: { endConnection: boolean; keepAliveMs: number; head: string } | null;
}

const ANSWER =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [^\r\n]*)?\r\n(?:[!#$%&'*+.^`|~\w-]+:[\t -~\x80-\xff]*\r\n)*\r\n$/;
/** Nobody needs the phrase behind the status, so that an odd one is left out and the answer stands. */
const ODD = /[^\t -~\x80-\xff]/;
const LENGTH = /^\d{1,15}$/;
const STATUS_AT = 'HTTP/1.1 '.length;

/** Headers of this hop; `connection`, `keep-alive`, `trailer` and `transfer-encoding` are read as well. */
const OF_THIS_HOP: ReadonlySet<string> = new Set([
  'connection',
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
const NAMES_ADDRESSES: ReadonlySet<string> = new Set(['location', 'content-location', 'set-cookie']);
/** How long the names are that mean something. */
const LENGTHS: ReadonlySet<number> = new Set(
  [...OF_THIS_HOP, ...NAMES_ADDRESSES, 'content-length', 'content-type', 'date'].map(({ length }) => length),
);
const EVENT_STREAM = 'text/event-stream';

/**
 * Reads the head of an answer, just as strictly as that of a request.
 *
 * @param text the head up to and including its empty line, a character for each byte
 * @param method of the request that it answers
 * @returns null for one that could be read in two ways
 */
export function readAnswerHead(text: string, method: string): AnswerLines | null {
  if (!ANSWER.test(text)) return null;
  const lineEnd = text.indexOf('\r\n');
  const status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
  const isOld = text.charCodeAt(STATUS_AT - 2) === 48;
  const found = readLines(text.slice(lineEnd, -2));
  const framing = found && framingOf(found, status, method, isOld);
  if (!found || !framing) return null;
  const { lines, kept, hasDate, isEventStream, needsWork, trailer, length } = found;
  const keptForMs = isOld || framing.kind === 'end' ? 0 : keptFor(found);
  const said = text.slice(STATUS_AT + 4, lineEnd);
  const phrase = ODD.test(said) ? '' : said;
  return {
    ...{ status, phrase, lines, kept, framing, hasDate, isEventStream, needsWork },
    ...{ trailer, keptForMs, length, text, isRepeated: false, made: null },
  };
}

interface FoundLines {
  lines: HeaderLines;
  kept: string;
  hasDate: boolean;
  isEventStream: boolean;
  needsWork: boolean;
  trailer: string | undefined;
  length: number | null;
  isChunked: boolean;
  connection: string | null;
  keepAlive: string | null;
}

function readLines(text: string): FoundLines | null {
  const lower = text.toLowerCase();
  const lines = new HeaderLines(text, lower);
  const found: FoundLines = {
    lines,
    kept: '',
    hasDate: false,
    isEventStream: false,
    needsWork: false,
    trailer: undefined,
    length: null,
    isChunked: false,
    connection: null,
    keepAlive: null,
  };
  let keptFrom = 2;
  for (let at = 2; at < text.length;) {
    const colon = lower.indexOf(':', at);
    const end = lower.indexOf('\r\n', colon);
    const name = LENGTHS.has(colon - at) ? lower.slice(at, colon) : '';
    if (name === '') {
      // Of most lines the length of their name says that they mean nothing here.
    } else if (OF_THIS_HOP.has(name)) {
      if (!readOfThisHop(found, name, trimmed(text, colon + 1, end))) return null;
      found.kept += text.slice(keptFrom, at);
      keptFrom = end + 2;
    } else if (name === 'content-length') {
      const value = trimmed(text, colon + 1, end);
      if (found.length !== null || !LENGTH.test(value)) return null;
      found.length = Number(value);
    } else if (name === 'date') found.hasDate = true;
    else if (name === 'content-type')
      found.isEventStream = lower.startsWith(EVENT_STREAM, skipBlanks(lower, colon + 1));
    else if (NAMES_ADDRESSES.has(name)) found.needsWork = true;
    at = end + 2;
  }
  found.kept += text.slice(keptFrom);
  return found;
}

/** False for what could be read in two ways. */
function readOfThisHop(found: FoundLines, name: string, value: string): boolean {
  if (name === 'transfer-encoding') {
    if (found.isChunked || value.toLowerCase() !== 'chunked') return false;
    found.isChunked = true;
  } else if (name === 'connection') {
    const both = found.connection === null ? value : `${found.connection}, ${value}`;
    found.connection = both.toLowerCase();
    if (found.connection !== 'keep-alive' && found.connection !== 'close') found.needsWork = true;
  } else if (name === 'keep-alive') found.keepAlive ??= value;
  else if (name === 'trailer') found.trailer ??= value;
  return true;
}

/** Null when the end of the answer could be taken to lie in two places. */
function framingOf(
  { length, isChunked }: FoundLines,
  status: number,
  method: string,
  isOld: boolean,
): Framing | null {
  if (isChunked && (length !== null || isOld)) return null;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY;
  if (isChunked) return CHUNKS;
  return length === null ? TO_THE_END : { kind: 'length', bytes: length };
}

const NO_BODY: Framing = { kind: 'none' };
const CHUNKS: Framing = { kind: 'chunks' };
const TO_THE_END: Framing = { kind: 'end' };

/** An upstream closes a little after the time that it names, and a request could meet it just then. */
const MARGIN_MS = 1000;

function keptFor({ connection, keepAlive }: FoundLines): number | null {
  if (connection !== null && /(^|,)\s*close\s*($|,)/.test(connection)) return 0;
  const seconds = keepAlive === null ? undefined : /^timeout=(\d+)/.exec(keepAlive)?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) * 1000 - MARGIN_MS);
}
