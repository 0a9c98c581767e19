import { RE2JS } from 're2js';
import { z } from 'zod';

const VISIBLE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

// RE2 takes time in proportion to the value, whatever the pattern: no client can stop the proxy with a value that
// makes a pattern try again and again.
const pattern = z.string().superRefine((text, context) => {
  const problem = problemOf(text);
  if (problem !== null) context.addIssue({ code: 'custom', message: `is not a pattern of RE2: ${problem}` });
});

/** What a header or a query parameter has to be. */
export const conditionSchema = z
  .union(
    [
      z
        .string()
        .regex(VISIBLE, 'can never be the value: write 1 or more visible ASCII characters')
        .describe('Exactly this value, case included.'),
      z.strictObject({
        regex: pattern.describe(
          'Found anywhere in the value; `^` and `$` tie it to the ends. Syntax of RE2.',
        ),
      }),
      z.strictObject({ present: z.literal(true).describe('Any value, the empty one too.') }),
    ],
    'is none of a text in quotes, { regex: … } and { present: true }',
  )
  .describe('An exact value, a pattern, or only that it is there.');

type ConditionInput = z.infer<typeof conditionSchema>;

/** A condition on one header or one query parameter, ready to be looked at. */
export interface Condition {
  readonly name: string;
  readonly kind: 'exact' | 'regex' | 'present';
  /** The value or the pattern; empty for `present`. */
  readonly text: string;
  /** Whether a value that is there fulfils it. */
  readonly holds: (value: string) => boolean;
}

const NONE: readonly Condition[] = Object.freeze([]);

/** Makes the conditions of a route out of what the configuration says, in the order of their names. */
export function conditionsOf(
  input: Readonly<Record<string, ConditionInput>> | undefined,
): readonly Condition[] {
  if (!input) return NONE;
  const conditions = Object.entries(input).map(([name, wanted]) => Object.freeze(conditionOf(name, wanted)));
  return Object.freeze(conditions.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

function conditionOf(name: string, wanted: ConditionInput): Condition {
  if (typeof wanted === 'string')
    return { name, kind: 'exact', text: wanted, holds: (value) => value === wanted };
  if ('present' in wanted) return { name, kind: 'present', text: '', holds: () => true };
  const compiled = RE2JS.compile(wanted.regex);
  return { name, kind: 'regex', text: wanted.regex, holds: (value) => compiled.test(value) };
}

/** `x-beta = yes`, `x-beta ~ ^y` or `x-beta is there`. */
export function conditionInWords({ name, kind, text }: Condition): string {
  return kind === 'present' ? `${name} is there` : `${name} ${kind === 'exact' ? '=' : '~'} ${text}`;
}

function problemOf(text: string): string | null {
  try {
    RE2JS.compile(text);
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '');
  }
}
