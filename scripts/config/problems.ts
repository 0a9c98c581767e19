import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Path } from './locate.ts';

/** One thing that is wrong with a configuration. */
export interface Problem {
  path: Path;
  /** True when the key is at fault and not its value. */
  atKey: boolean;
  message: string;
}

/** A configuration that cannot be used; the message has a line for each problem, with file, line and column. */
export class ConfigError extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
    this.lines = lines;
  }
}

/**
 * Puts what zod found into words.
 *
 * @param keysAt the keys that are known at a path, for suggestions
 */
export function problemsOf(error: z.ZodError, keysAt: (path: Path) => string[]): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, keysAt));
}

function problemsOfIssue(issue: z.core.$ZodIssue, keysAt: (path: Path) => string[]): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      atKey: true,
      message: `unknown key "${key}"${suggestion(key, keysAt(path))}`,
    }));
  }
  if (issue.code === 'invalid_union') return [nearestOfUnion(issue, path)];
  if (issue.code === 'invalid_key') {
    const why = issue.issues[0]?.message ?? 'is not allowed';
    return [{ path, atKey: true, message: `key "${String(path.at(-1))}" ${why}` }];
  }
  return [{ path, atKey: false, message: `${spell(path)}${issue.message}` }];
}

/** Of a union's complaints, the one that got furthest into the value is most likely meant. */
function nearestOfUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path): Problem {
  const complaints = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length);
  const [deepest] = complaints;
  const inner = [...path, ...(deepest?.path ?? [])];
  const words = [
    ...new Set(complaints.filter((c) => c.path.length === deepest?.path.length).map((c) => c.message)),
  ];
  const known = complaints.find(
    (complaint) => complaint.path.length === deepest?.path.length && 'options' in complaint,
  );
  if (known && 'options' in known && Array.isArray(known.options)) {
    const options = known.options.filter((option) => typeof option === 'string').join(', ');
    return { path: inner, atKey: false, message: `${spell(inner)}is none of ${options}` };
  }
  return { path: inner, atKey: false, message: `${spell(inner)}${words.join(', or ') || issue.message}` };
}

function suggestion(key: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(key, [...known]);
  if (distance(key, nearest) <= Math.max(2, key.length / 3)) return `; did you mean "${nearest}"?`;
  return `; known here: ${known.join(', ')}`;
}

const spell = (path: Path): string => (path.length === 0 ? '' : `${path.map(String).join('.')}: `);
