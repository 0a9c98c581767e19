/** A hostile answer could otherwise use up the stack. */
export const DEEPEST = 200;

/** A number that a JavaScript number cannot hold without changing it. */
export class ExactNumber {
  /** As it was spelt. */
  readonly source: string;
  /** The same text for the same value, however it was spelt. */
  readonly canonical: string;

  constructor(source: string, canonical: string) {
    this.source = source;
    this.canonical = canonical;
  }
}

/** JSON as it was meant, or why it cannot be compared as JSON. */
export type Read = { value: unknown } | { problem: 'no JSON' | 'a key stands twice' | 'nested too deeply' };

/** Bytes that are no text must not become the same question mark on both sides. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

// Fewer digits, and an exponent of at most two, always survive as a JavaScript number.
const MAY_BE_INEXACT = /\d[\d.]{15}|[eE][+-]?\d{3}/;

/**
 * Reads JSON without losing what `JSON.parse` loses: digits of long numbers, and that a key stands twice, which
 * one reader takes for the first and another for the last.
 */
export function readJson(bytes: Uint8Array): Read {
  try {
    const text = UTF8.decode(bytes);
    const value = JSON.parse(text) as unknown;
    const members = countMembers(value, 0);
    if (members === null) return { problem: 'nested too deeply' };
    if (members !== countColons(text)) return { problem: 'a key stands twice' };
    return { value: MAY_BE_INEXACT.test(text) ? parseExactly(text) : value };
  } catch {
    return { problem: 'no JSON' };
  }
}

/** Spells a JSON number in the one way that only its value decides: digits without zeros at the ends, and a power of ten. */
function canonicalNumber(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

type ReviverWithSource = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseExactly(text: string): unknown {
  const exact: ReviverWithSource = (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    const canonical = canonicalNumber(source);
    return Number.isFinite(value) && canonicalNumber(String(value)) === canonical
      ? value
      : new ExactNumber(source, canonical);
  };
  // The text of each value is newer than the type of this function.
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]) as unknown;
}

/** Keys of all objects in a value; null when it is nested too deeply. */
function countMembers(value: unknown, depth: number): number | null {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > DEEPEST) return null;
  const inner = Object.values(value) as unknown[];
  let members = Array.isArray(value) ? 0 : inner.length;
  for (const each of inner) {
    const below = countMembers(each, depth + 1);
    if (below === null) return null;
    members += below;
  }
  return members;
}

/** Colons outside of strings: in valid JSON one per key, also per key that stands there twice. */
function countColons(text: string): number {
  let colons = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COLON) colons += 1;
    else if (code === QUOTE) at = endOfString(text, at + 1);
  }
  return colons;
}

function endOfString(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c];
