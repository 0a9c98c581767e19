import { isClaim } from '../lane/forwarded.ts';
import { pairsIn } from '../fast/header-lines.ts';
import { readPlainHead, readRepeatedHead, type PlainHead } from '../fast/plain-head.ts';
import { readSlowly, type OracleHead } from './plain-oracle.ts';

/** What must never be among the lines that go on, nor in a head that is plain. */
const NEVER_PLAIN = [
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'proxy-connection',
];

/** The last head that was plain: the next one may have the same lines. */
let before: PlainHead | null = null;

/** Holds what is read of lines that were read before against what is read of them anew. */
function contradictionOfRepeated(text: string): string | null {
  const head = text.indexOf('\r\n\r\n') + 4;
  for (const known of [before, readPlainHead(text)]) {
    const repeated = known && readRepeatedHead(`${text}GET `, known);
    const anew = repeated && readPlainHead(text.slice(0, repeated.bytes));
    const isSameHead = anew !== null && JSON.stringify(anew) === JSON.stringify(repeated);
    if (repeated && (!isSameHead || repeated.bytes !== head))
      return 'its lines are repeated, and read as others';
  }
  return null;
}

/**
 * Holds what the fast lane reads against what is read slowly. Gives the contradiction in words; null when there is
 * none.
 *
 * @returns `isPlain` as well, to see that not everything is refused
 */
export function checkPlainHead(text: string): { isPlain: boolean; contradiction: string | null } {
  const plain = readPlainHead(text);
  const contradiction = contradictionOfRepeated(text);
  if (!plain || contradiction) return { isPlain: plain !== null, contradiction };
  if (readRepeatedHead(text, plain) === null)
    return { isPlain: true, contradiction: 'its lines are not known again' };
  before = plain;
  const slow = readSlowly(text);
  if (!slow) return { isPlain: true, contradiction: 'it is taken for plain, and is not' };
  const { method, target, lines, kept, host, bodyBytes } = plain;
  const found = [
    method === slow.method ? null : `its method is read as ${method}`,
    target === slow.target ? null : `its target is read as ${target}`,
    isSame(lines.pairs(), slow.headers) ? null : 'its headers are read as others',
    isSame(pairsIn(kept), expectedOf(slow)) ? null : 'other headers go on',
    slow.headers.some(([name]) => NEVER_PLAIN.includes(name)) ? 'it holds a header that is not plain' : null,
    isSame(only(slow, 'host'), [['host', host]]) ? null : 'it has not exactly one Host',
    lengthOf(slow) === bodyBytes ? null : `its body is taken for ${bodyBytes} bytes`,
    ...slow.headers.map(([name, value]) =>
      lines.get(name) === value ? null : `its ${name} is looked up as another`,
    ),
  ];
  return { isPlain: true, contradiction: found.find((each) => each !== null) ?? null };
}

/** The headers that have to go on. */
function expectedOf({ method, headers }: OracleHead): [string, string][] {
  const kept = headers.filter(([name]) => name !== 'connection' && !isClaim(name));
  const saysZero = method === 'DELETE' || method === 'OPTIONS';
  if (saysZero && !kept.some(([name]) => name === 'content-length')) kept.push(['content-length', '0']);
  return kept;
}

function only({ headers }: OracleHead, name: string): [string, string][] {
  return headers.filter(([each]) => each === name);
}

/** NaN when two of them, or none that is a number, say it. */
function lengthOf(slow: OracleHead): number {
  const lengths = only(slow, 'content-length');
  if (lengths.length > 1) return NaN;
  const [[, value] = ['', '0']] = lengths;
  return /^\d+$/.test(value) ? Number(value) : NaN;
}

function isSame(one: [string, string][], other: [string, string][]): boolean {
  const inText = (pairs: [string, string][]): string =>
    JSON.stringify(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  return inText(one) === inText(other);
}
