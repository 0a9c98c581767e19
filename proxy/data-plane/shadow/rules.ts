import { createHash } from 'node:crypto';
import { jsonpath } from 'json-p3';
import { DEEPEST } from './json.ts';
import { Secrets } from './mask.ts';
import type { ShadowSettings } from './schema.ts';

const PATHS = new jsonpath.JSONPathEnvironment({ maxRecursionDepth: DEEPEST + 2 });

type Query = ReturnType<typeof PATHS.compile>;

/** What of the settings decides about a difference, ready to be used. */
export interface Rules {
  ignored: readonly Query[];
  unordered: readonly Query[];
  allUnordered: boolean;
  nullIsMissing: boolean;
  /** How far two numbers may be apart; null when they must be equal. */
  tolerance: number | null;
  headers: readonly string[];
  secrets: Secrets;
}

/** What the rules say of one place in a value, and of the places below it. */
export interface Mark {
  isIgnored: boolean;
  isUnordered: boolean;
  below: Map<string | number, Mark>;
}

/** Why a text is no JSONPath; null when it is one. */
export function problemOfPath(path: string): string | null {
  try {
    PATHS.compile(path);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `is no JSONPath: ${why}; a field at any depth is written "$..name"`;
  }
}

/** Why a text names nothing that could be left out of a comparison; null when it does. */
export function problemOfIgnoring(path: string): string | null {
  return path.trim() === '$' ? 'would ignore the whole answer; name a part of it' : problemOfPath(path);
}

/** The settings with what somebody ordered to be ignored besides, in whichever order it was. */
export function withIgnored(settings: ShadowSettings, paths: readonly string[]): ShadowSettings {
  const own = new Set(settings.ignore.map(({ path }) => path));
  const added = paths.filter((path) => !own.has(path)).toSorted();
  if (added.length === 0) return settings;
  const rules = added.map((path) => ({ path, reason: 'the journal says why' }));
  return { ...settings, ignore: [...settings.ignore, ...rules] };
}

/** Prepares the rules once per configuration. */
export function compileRules({ compare, headers, ignore, mask }: ShadowSettings): Rules {
  const { arrays, nullIsMissing, numbers } = compare;
  return {
    ignored: ignore.map(({ path }) => PATHS.compile(path)),
    unordered: Array.isArray(arrays) ? arrays.map((path) => PATHS.compile(path)) : [],
    allUnordered: arrays === 'unordered',
    nullIsMissing,
    tolerance: numbers === 'exact' ? null : numbers.tolerance,
    headers,
    secrets: new Secrets(mask),
  };
}

/** Marks in a value what the rules name; undefined when they name nothing in it. */
export function marksOf(value: unknown, { ignored, unordered }: Rules): Mark | undefined {
  if (ignored.length + unordered.length === 0) return undefined;
  const root = newMark();
  const placesOf = (queries: readonly Query[]) =>
    queries.flatMap((query) => query.query(value as Parameters<Query['query']>[0]).nodes);
  for (const { location } of placesOf(ignored)) markAt(root, location).isIgnored = true;
  for (const { location } of placesOf(unordered)) markAt(root, location).isUnordered = true;
  return root.below.size > 0 || root.isUnordered ? root : undefined;
}

/**
 * Names what findings rest on: the stay in stage `shadow`, and the rules. What was found on another basis says
 * nothing about now: a fault may be mended since, a difference be ignored, or an example show what is a secret now.
 */
export function basisOf(shadowSince: string | null, settings: ShadowSettings): string {
  const { compare, headers, ignore, mask } = settings;
  const rules = JSON.stringify([compare, headers, ignore.map(({ path }) => path), mask]);
  return `${shadowSince ?? 'never'} ${createHash('sha256').update(rules).digest('hex').slice(0, 12)}`;
}

/** When the stay in stage `shadow` began that findings rest on. */
export function sinceOf(basis: string): string {
  return basis.slice(0, basis.lastIndexOf(' '));
}

function markAt(root: Mark, location: readonly (string | number)[]): Mark {
  let mark = root;
  for (const step of location) {
    let next = mark.below.get(step);
    if (!next) mark.below.set(step, (next = newMark()));
    mark = next;
  }
  return mark;
}

function newMark(): Mark {
  return { isIgnored: false, isUnordered: false, below: new Map() };
}
