import { cut, type Difference } from './found.ts';
import { readJson } from './json.ts';
import type { Secrets } from './mask.ts';
import { marksOf, type Rules } from './rules.ts';
import { walk } from './walk.ts';

/** One side's answer, as far as it is compared. */
export interface Answer {
  readonly status: number;
  /** Those that the settings name, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The same, a character for each byte, where it came so. */
  readonly text?: string;
}

/** Characters that are shown before the first one that differs. */
const LEAD = 20;

/** Compares two answers: status, then headers, then bytes, then JSON by meaning. Empty when they say the same. */
export function compare(monolith: Answer, service: Answer, rules: Rules): Difference[] {
  if (monolith.status !== service.status) return [whole('status', `${monolith.status}`, `${service.status}`)];
  const differences: Difference[] = [];
  for (const name of rules.headers) {
    if (monolith.headers[name] !== service.headers[name])
      differences.push(...compareHeader(name, monolith, service, rules));
  }
  if (!haveSameBody(monolith, service))
    differences.push(...compareBodies(monolith.body, service.body, rules));
  return differences;
}

/** Whether both bodies are the same bytes. */
export function haveSameBody(one: Answer, other: Answer): boolean {
  if (one.text !== undefined && other.text !== undefined) return one.text === other.text;
  return Buffer.compare(one.body, other.body) === 0;
}

/** Bytes of a body. */
export function sizeOf(answer: Answer): number {
  return answer.text?.length ?? answer.body.length;
}

/** A difference of the answer as a whole. */
export function whole(field: string, monolith: string, service: string): Difference {
  return { field, place: field, monolith, service };
}

function compareHeader(name: string, monolith: Answer, service: Answer, { secrets }: Rules): Difference[] {
  const [left, right] = [valueOf(name, monolith), valueOf(name, service)];
  if (left === right) return [];
  const shown = (value: string | undefined): string =>
    value === undefined ? 'nothing' : secrets.hides(name) ? '***' : cut(secrets.text(value));
  return [whole(`header ${name}`, shown(left), shown(right))];
}

/** Of a content type only the media type: how charset and boundary are spelt says nothing. */
function valueOf(name: string, { headers }: Answer): string | undefined {
  const value = headers[name]?.trim();
  return name === 'content-type' ? value?.replace(/\s*;.*$/s, '').toLowerCase() : value;
}

function compareBodies(monolith: Uint8Array, service: Uint8Array, rules: Rules): Difference[] {
  const [left, right] = [readJson(monolith), readJson(service)];
  if ('value' in left && 'value' in right) {
    return walk(
      { value: left.value, mark: marksOf(left.value, rules) },
      { value: right.value, mark: marksOf(right.value, rules) },
      rules,
    );
  }
  const [shownLeft, shownRight] = excerpts(monolith, service, rules.secrets);
  return [whole('body', inWords(left, shownLeft), inWords(right, shownRight))];
}

function inWords(read: ReturnType<typeof readJson>, excerpt: string): string {
  const isPlain = 'value' in read || read.problem === 'no JSON';
  return isPlain ? excerpt : `${read.problem}: ${excerpt}`;
}

/** The texts from a little before where they begin to differ. Masked first: a cut must not part a name from its value. */
function excerpts(monolith: Uint8Array, service: Uint8Array, secrets: Secrets): [string, string] {
  const [left, right] = [monolith, service].map((body) => secrets.text(new TextDecoder().decode(body))) as [
    string,
    string,
  ];
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  const from = Math.max(0, at - LEAD);
  const shown = (text: string, bytes: Uint8Array): string =>
    bytes.length === 0 ? 'nothing' : `${from > 0 ? '…' : ''}${cut(text.slice(from))}`;
  return [shown(left, monolith), shown(right, service)];
}
