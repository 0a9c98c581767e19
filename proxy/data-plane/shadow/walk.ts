import { ExactNumber } from './json.ts';
import type { Mark, Rules } from './rules.ts';
import { Found, type Difference, type Step } from './found.ts';

/** What two values are compared with. */
interface Walk {
  rules: Rules;
  found: Pick<Found, 'add' | 'isFull'>;
  /** Pairs of elements that may still be tried; a hostile list without order would otherwise take for ever. */
  tries: { left: number };
}

/** One side's value, and what the rules say of its place. Undefined when it is not there. */
interface Here {
  value: unknown;
  mark: Mark | undefined;
}

const MOST_TRIES = 20_000;
const NOTHING: Here = { value: undefined, mark: undefined };

/** Collects where two JSON values do not mean the same. */
export function walk(monolith: Here, service: Here, rules: Rules): Difference[] {
  const found = new Found(rules.secrets);
  descend(monolith, service, [], { rules, found, tries: { left: MOST_TRIES } });
  return found.differences;
}

function descend(left: Here, right: Here, steps: readonly Step[], walk: Walk): void {
  if (walk.found.isFull || left.mark?.isIgnored || right.mark?.isIgnored) return;
  const [a, b] = [left.value, right.value];
  if (Array.isArray(a) && Array.isArray(b)) {
    const elements = [elementsOf(a, left.mark), elementsOf(b, right.mark)] as const;
    const isUnordered = walk.rules.allUnordered || left.mark?.isUnordered || right.mark?.isUnordered;
    (isUnordered ? descendUnordered : descendInOrder)(...elements, steps, walk);
  } else if (isObject(a) && isObject(b)) {
    for (const key of Object.keys(a)) descend(at(a, key, left), at(b, key, right), [...steps, key], walk);
    for (const key of Object.keys(b)) {
      if (!Object.hasOwn(a, key)) descend(NOTHING, at(b, key, right), [...steps, key], walk);
    }
  } else if (!isSame(a, b, walk.rules) && !isMissing(a, b, steps, walk.rules)) {
    walk.found.add(steps, a, b);
  }
}

function descendInOrder(left: Here[], right: Here[], steps: readonly Step[], walk: Walk): void {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    descend(left[index] ?? NOTHING, right[index] ?? NOTHING, [...steps, index], walk);
  }
}

/** Takes away what both have; of the rest, each is compared with whatever is most like it. */
function descendUnordered(left: Here[], right: Here[], steps: readonly Step[], walk: Walk): void {
  const [restOfLeft, restOfRight] = withoutCommon(left, right, walk.rules);
  const canTry = restOfLeft.length * restOfRight.length <= walk.tries.left;
  for (const { element, index } of restOfLeft) {
    const nearest = canTry ? indexOfNearest(element, restOfRight, walk) : 0;
    const [partner] = restOfRight.splice(nearest, 1);
    descend(element, partner?.element ?? NOTHING, [...steps, index], walk);
  }
  for (const { element, index } of restOfRight) descend(NOTHING, element, [...steps, index], walk);
}

interface Numbered {
  element: Here;
  index: number;
}

function withoutCommon(left: Here[], right: Here[], rules: Rules): [Numbered[], Numbered[]] {
  const waiting = new Map<string, number>();
  for (const element of right) {
    const text = canonicalText(element, rules);
    waiting.set(text, (waiting.get(text) ?? 0) + 1);
  }
  const common = new Map<string, number>();
  const take = (from: Map<string, number>, text: string): boolean => {
    const count = from.get(text) ?? 0;
    if (count > 0) from.set(text, count - 1);
    return count > 0;
  };
  const restOfLeft = numbered(left).filter(({ element }) => {
    const text = canonicalText(element, rules);
    if (!take(waiting, text)) return true;
    common.set(text, (common.get(text) ?? 0) + 1);
    return false;
  });
  const restOfRight = numbered(right).filter(({ element }) => !take(common, canonicalText(element, rules)));
  return [restOfLeft, restOfRight];
}

function indexOfNearest(element: Here, others: readonly Numbered[], walk: Walk): number {
  let nearest = { index: 0, distance: Infinity };
  for (const [index, other] of others.entries()) {
    if (walk.tries.left <= 0 || nearest.distance === 0) break;
    walk.tries.left -= 1;
    const trial = new Trial(nearest.distance);
    descend(element, other.element, [], { ...walk, found: trial });
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
      .filter((key) => !(rules.nullIsMissing && value[key] === null) && !mark?.below.get(key)?.isIgnored)
      .map((key) => `${JSON.stringify(key)}:${canonicalText(at(value, key, { value, mark }), rules)}`);
    return `{${members.join(',')}}`;
  }
  return value instanceof ExactNumber ? value.canonical : JSON.stringify(value);
}

function isMissing(left: unknown, right: unknown, steps: readonly Step[], { nullIsMissing }: Rules): boolean {
  const isField = typeof steps.at(-1) === 'string';
  return nullIsMissing && isField && (left ?? null) === null && (right ?? null) === null;
}

function isSame(left: unknown, right: unknown, { tolerance }: Rules): boolean {
  if (left === right) return true;
  if (left instanceof ExactNumber && right instanceof ExactNumber && left.canonical === right.canonical)
    return true;
  if (tolerance === null || !isNumber(left) || !isNumber(right)) return false;
  return Math.abs(valueOf(left) - valueOf(right)) <= tolerance;
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

/** Only what the object has itself: an answer may name a key `constructor`. */
function at(object: Record<string, unknown>, key: string, { mark }: Here): Here {
  return { value: Object.hasOwn(object, key) ? object[key] : undefined, mark: mark?.below.get(key) };
}

function elementsOf(array: readonly unknown[], mark: Mark | undefined): Here[] {
  return array.map((value, index) => ({ value, mark: mark?.below.get(index) }));
}

function numbered(elements: readonly Here[]): Numbered[] {
  return elements.map((element, index) => ({ element, index }));
}
