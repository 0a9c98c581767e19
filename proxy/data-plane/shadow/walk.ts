import { ExactNumber } from './json.ts';
import type { Mark, Rules } from './rules.ts';
import { Found, type Difference, type Step } from './found.ts';

/** One side's value, and what the rules say of its place. Undefined when it is not there. */
interface Here {
  value: unknown;
  mark: Mark | undefined;
}

/** What two values are compared with. */
interface Walk {
  rules: Rules;
  found: Pick<Found, 'add' | 'isFull'>;
  /** Where it is now. One list for the whole walk: most places are left again without a word about them. */
  steps: Step[];
  /** Pairs of elements that may still be tried; a hostile list without order would otherwise take for ever. */
  tries: { left: number };
}

const MOST_TRIES = 20_000;
const NOTHING: Here = { value: undefined, mark: undefined };

/** Collects where two JSON values do not mean the same. */
export function walk(monolith: Here, service: Here, rules: Rules): Difference[] {
  const found = new Found(rules.secrets);
  const tries = { left: MOST_TRIES };
  descend(monolith.value, service.value, monolith.mark, service.mark, { rules, found, steps: [], tries });
  return found.differences;
}

function descend(a: unknown, b: unknown, markA: Mark | undefined, markB: Mark | undefined, walk: Walk): void {
  if (a === b || walk.found.isFull || markA?.isIgnored || markB?.isIgnored) return;
  if (Array.isArray(a) && Array.isArray(b)) {
    const isUnordered = walk.rules.allUnordered || markA?.isUnordered || markB?.isUnordered;
    if (isUnordered) pairUp(elementsOf(a, markA), elementsOf(b, markB), walk);
    else descendInOrder(a, b, markA, markB, walk);
  } else if (isObject(a) && isObject(b)) {
    descendIntoFields(a, b, markA, markB, walk);
  } else if (!isSame(a, b, walk.rules) && !isMissing(a, b, walk)) {
    walk.found.add(walk.steps, a, b);
  }
}

/** Only what an object has itself: an answer may name a key `constructor`. */
function descendIntoFields(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  markA: Mark | undefined,
  markB: Mark | undefined,
  walk: Walk,
): void {
  const below = (key: string, left: unknown, right: unknown): void => {
    walk.steps.push(key);
    descend(left, right, markA?.below.get(key), markB?.below.get(key), walk);
    walk.steps.pop();
  };
  for (const key of Object.keys(a)) below(key, a[key], Object.hasOwn(b, key) ? b[key] : undefined);
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key)) below(key, undefined, b[key]);
}

function descendInOrder(
  a: readonly unknown[],
  b: readonly unknown[],
  markA: Mark | undefined,
  markB: Mark | undefined,
  walk: Walk,
): void {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    walk.steps.push(index);
    descend(a[index], b[index], markA?.below.get(index), markB?.below.get(index), walk);
    walk.steps.pop();
  }
}

/** Lists without order: takes away what both have; of the rest, each is compared with whatever is most like it. */
function pairUp(left: Here[], right: Here[], walk: Walk): void {
  const [restOfLeft, restOfRight] = withoutCommon(left, right, walk.rules);
  const canTry = restOfLeft.length * restOfRight.length <= walk.tries.left;
  const below = (index: number, a: Here, b: Here): void => {
    walk.steps.push(index);
    descend(a.value, b.value, a.mark, b.mark, walk);
    walk.steps.pop();
  };
  for (const { element, index } of restOfLeft) {
    const nearest = canTry ? indexOfNearest(element, restOfRight, walk) : 0;
    const [partner] = restOfRight.splice(nearest, 1);
    below(index, element, partner?.element ?? NOTHING);
  }
  for (const { element, index } of restOfRight) below(index, NOTHING, element);
}

interface Numbered {
  element: Here;
  index: number;
}

function withoutCommon(left: Here[], right: Here[], rules: Rules): [Numbered[], Numbered[]] {
  const numbered = (elements: Here[]): (Numbered & { text: string })[] =>
    elements.map((element, index) => ({ element, index, text: canonicalText(element, rules) }));
  const waiting = new Map<string, number>();
  const ofRight = numbered(right);
  for (const { text } of ofRight) waiting.set(text, (waiting.get(text) ?? 0) + 1);
  const common = new Map<string, number>();
  const restOfLeft = numbered(left).filter(({ text }) => {
    if (!takeOne(waiting, text)) return true;
    common.set(text, (common.get(text) ?? 0) + 1);
    return false;
  });
  return [restOfLeft, ofRight.filter(({ text }) => !takeOne(common, text))];
}

function takeOne(from: Map<string, number>, text: string): boolean {
  const count = from.get(text) ?? 0;
  if (count > 0) from.set(text, count - 1);
  return count > 0;
}

function indexOfNearest(element: Here, others: readonly Numbered[], walk: Walk): number {
  let nearest = { index: 0, distance: Infinity };
  for (const [index, { element: other }] of others.entries()) {
    if (walk.tries.left <= 0 || nearest.distance === 0) break;
    walk.tries.left -= 1;
    const trial = new Trial(nearest.distance);
    descend(element.value, other.value, element.mark, other.mark, { ...walk, found: trial });
    if (trial.count < nearest.distance) nearest = { index, distance: trial.count };
  }
  return nearest.index;
}

/** Only counts, and gives up when there are too many. */
class Trial {
  count = 0;
  readonly #atMost: number;

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  get isFull(): boolean {
    return this.count >= this.#atMost;
  }

  add(): void {
    this.count += 1;
  }
}

/** One text for all values that mean exactly the same; what is only within a tolerance has another. */
function canonicalText({ value, mark }: Here, rules: Rules): string {
  if (mark?.isIgnored) return '';
  if (Array.isArray(value)) {
    const texts = elementsOf(value, mark).map((element) => canonicalText(element, rules));
    if (rules.allUnordered || mark?.isUnordered) texts.sort();
    return `[${texts.join(',')}]`;
  }
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => ({ key, value: value[key], mark: mark?.below.get(key) }))
      .filter((member) => !(rules.nullIsMissing && member.value === null) && !member.mark?.isIgnored)
      .map((member) => `${JSON.stringify(member.key)}:${canonicalText(member, rules)}`);
    return `{${members.join(',')}}`;
  }
  return value instanceof ExactNumber ? value.canonical : JSON.stringify(value);
}

function isMissing(a: unknown, b: unknown, { rules, steps }: Walk): boolean {
  const isField = typeof steps.at(-1) === 'string';
  return rules.nullIsMissing && isField && (a ?? null) === null && (b ?? null) === null;
}

function isSame(a: unknown, b: unknown, { tolerance }: Rules): boolean {
  if (a instanceof ExactNumber && b instanceof ExactNumber && a.canonical === b.canonical) return true;
  if (tolerance === null || !isNumber(a) || !isNumber(b)) return false;
  return Math.abs(valueOf(a) - valueOf(b)) <= tolerance;
}

function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber;
}

function valueOf(number: number | ExactNumber): number {
  return typeof number === 'number' ? number : Number(number.source);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  );
}

function elementsOf(array: readonly unknown[], mark: Mark | undefined): Here[] {
  return array.map((value, index) => ({ value, mark: mark?.below.get(index) }));
}
