import type { ShadowSettings } from './schema.ts';

/** One side's answer, as far as it is compared. */
export interface Answer {
  status: number;
  contentType: string;
  body: Buffer;
}

/** A place where two answers differ; `path` is a JSON pointer, or `status`, `body`, `content-type`. */
export interface Difference {
  path: string;
  left: string;
  right: string;
}

type Ignored = ShadowSettings['ignore'];

const AT_MOST = 50;
const WORD_LENGTH = 40;
// A hostile answer could otherwise use up the stack.
const DEEPEST = 200;

/** Compares two answers: status, then bytes, then JSON by meaning. Empty when they say the same. */
export function compare(left: Answer, right: Answer, ignore: Ignored): Difference[] {
  if (left.status !== right.status)
    return [{ path: 'status', left: `${left.status}`, right: `${right.status}` }];
  if (left.body.equals(right.body)) return [];
  const values = [parse(left), parse(right)];
  if (values[0] === undefined || values[1] === undefined) {
    return [{ path: 'body', left: shortWord(left.body.toString()), right: shortWord(right.body.toString()) }];
  }
  const differences: Difference[] = [];
  collect(values[0].json, values[1].json, '', { ignored: ignoredBy(ignore), found: differences, depth: 0 });
  return differences;
}

/** A difference in a few words, for a person. */
export function inWords(difference: Difference): string {
  return `${difference.path || '/'}: monolith ${difference.left}, service ${difference.right}`;
}

function parse(answer: Answer): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(answer.body.toString()) as unknown };
  } catch {
    return undefined;
  }
}

type IsIgnored = (pointer: string) => boolean;

function ignoredBy(rules: Ignored): IsIgnored {
  const fields = new Set(rules.filter((rule) => !rule.path.startsWith('/')).map((rule) => rule.path));
  const pointers = rules.filter((rule) => rule.path.startsWith('/')).map((rule) => rule.path.split('/'));
  return (pointer) => {
    if (fields.has(unescaped(pointer.slice(pointer.lastIndexOf('/') + 1)))) return true;
    const steps = pointer.split('/');
    return pointers.some(
      (rule) => rule.length === steps.length && rule.every((s, at) => s === '*' || s === steps[at]),
    );
  };
}

interface Walk {
  ignored: IsIgnored;
  found: Difference[];
  depth: number;
}

function collect(left: unknown, right: unknown, at: string, walk: Walk): void {
  if (walk.found.length >= AT_MOST || left === right || (at !== '' && walk.ignored(at))) return;
  const below = { ...walk, depth: walk.depth + 1 };
  if (below.depth > DEEPEST) {
    walk.found.push({ path: at, left: 'nested too deeply', right: 'nested too deeply' });
  } else if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      collect(left[index], right[index], `${at}/${index}`, below);
    }
  } else if (isObject(left) && isObject(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      collect(left[key], right[key], `${at}/${escaped(key)}`, below);
    }
  } else {
    walk.found.push({ path: at, left: shortWord(textOf(left)), right: shortWord(textOf(right)) });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return `an object with ${Object.keys(value).length} fields`;
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function shortWord(text: string): string {
  return text.length > WORD_LENGTH ? `${text.slice(0, WORD_LENGTH)}…` : text;
}

function escaped(key: string): string {
  return key.replace(/~/g, '~0').replace(/\//g, '~1');
}

function unescaped(step: string): string {
  return step.replace(/~1/g, '/').replace(/~0/g, '~');
}
