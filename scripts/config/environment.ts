import type { Path } from './locate.ts';
import type { Problem } from './problems.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` (or `${NAME:-default}`) in every text of the document. A name that is not set is a problem,
 * never an empty text. Values are put in after parsing, so a secret can hold any character.
 */
export function expandEnvironment(
  document: unknown,
  environment: NodeJS.ProcessEnv,
): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  const expand = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') {
      return value.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
        const found = environment[name] ?? fallback;
        if (found === undefined) {
          problems.push({ path, atKey: false, message: `the environment variable ${name} is not set` });
        }
        return found ?? '';
      });
    }
    if (Array.isArray(value)) return value.map((inner, i) => expand(inner, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, expand(inner, [...path, key])]),
    );
  };
  return { value: expand(document, []), problems };
}
