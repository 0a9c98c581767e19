/**
 * A request target that means one thing to everybody. `path` and `query` are the bytes that came in and that go
 * out; `segments` is what they mean, and what routes are matched on.
 */
export interface NormalPath {
  kind: 'path';
  path: string;
  /** With its `?`; empty without one. */
  query: string;
  segments: readonly string[];
}

/** A target that two servers could read differently; it gets 400 and is sent to nobody. */
export interface Refusal {
  kind: 'refusal';
  reason: string;
}

const BROKEN_PERCENT = /%(?![0-9a-fA-F]{2})/;
const HIDDEN_SEPARATOR = /%(2f|5c|00)/i;
// Browsers send "|" and "^" as they are, so only what servers cut or turn a path at is refused.
const NEVER_IN_A_PATH = /[\u0000-\u0020\u007f\\#]/;
const PLAIN = /^[A-Za-z0-9/_~-]*$/;

/**
 * Reads a request target once. Everything that upstreams are known to read in different ways is either refused
 * or has one meaning here: encoded letters are decoded, empty segments (`a//b`, a trailing `/`) and path parameters
 * (`;jsessionid=…`) do not count. So no other spelling of a route slips past its migration, but for
 * upper and lower case, which mean different things to most.
 */
export function normalisePath(target: string): NormalPath | Refusal {
  if (!target.startsWith('/'))
    return refuse('the target must begin with "/"; send the origin form, not a full URL');
  if (target.startsWith('//'))
    return refuse('the target begins with "//", where some servers read a host name');
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark);
  if (query.includes('#')) return refuse('the target carries a fragment ("#"); leave it out');
  if (PLAIN.test(path)) return { kind: 'path', path, query, segments: split(path) };
  if (NEVER_IN_A_PATH.test(path)) return refuse('the path holds a character that must be percent-encoded');
  if (BROKEN_PERCENT.test(path))
    return refuse('the path holds a "%" that two hexadecimal digits do not follow');
  const hidden = HIDDEN_SEPARATOR.exec(path);
  if (hidden) return refuse(`the path holds ${hidden[0]}, which servers read in different ways`);
  return decoded(path, query);
}

function decoded(path: string, query: string): NormalPath | Refusal {
  const segments: string[] = [];
  for (const raw of split(path)) {
    const segment = decodeSegment(raw);
    if (segment === null) return refuse(`the segment "${raw}" is not percent-encoded UTF-8`);
    const bare = segment.split(';', 1)[0] ?? '';
    if (bare === '.' || bare === '..')
      return refuse('the path holds a dot segment; resolve it before sending');
    if (bare !== '') segments.push(bare);
  }
  return { kind: 'path', path, query, segments };
}

function decodeSegment(raw: string): string | null {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    // Overlong UTF-8 hides dots and slashes from those who check and shows them to those who are lenient.
    return null;
  }
}

/** As `split('/')` without the empty ones, which takes three times as long. */
function split(path: string): string[] {
  const segments: string[] = [];
  for (let from = 1; from <= path.length;) {
    const slash = path.indexOf('/', from);
    const to = slash === -1 ? path.length : slash;
    if (to > from) segments.push(path.slice(from, to));
    from = to + 1;
  }
  return segments;
}

function refuse(reason: string): Refusal {
  return { kind: 'refusal', reason };
}
