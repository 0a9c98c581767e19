import type { JsonSchema } from './editor-schema.ts';

const HEAD = `<!-- Generated from the descriptions in scripts/config/schema.ts by \`npm run generate\`. -->

# strangler.yaml

Every key, with what it means and what it is when you leave it out. Any text may hold \`\${NAME}\` or
\`\${NAME:-default}\`, taken from the environment; a name that is not set is an error, never an empty text.
Relative paths start at the file's folder. \`strangler up\` tells mistakes with file, line and column, and does not
start; the other commands only ask the running product.

A saved change is taken while everything runs, and \`up\` says so. A wrong one is refused whole, with its place, and
the configuration in force stays. What needs a new start: \`proxy.listen\`, \`proxy.processes\`, TLS on or off,
\`proxy.tls.clientAuth\`, \`control.listen\`, \`control.store\`, \`transport\`. What needs a migration in \`legacy\`: its tables, its
service and the databases.
`;

/** The reference of the configuration in Markdown: a section for each part at the top, a list below it. */
export function referenceOf(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const about = [sentence(part.description), isRequired(schema, name) ? 'Required.' : ''];
    const keys = below(part, 0);
    return `## \`${name}\`\n\n${about.filter(Boolean).join(' ')}\n${keys ? `\n${keys}` : ''}`;
  });
  return [HEAD, ...sections].join('\n');
}

function keysOf(schema: JsonSchema, depth: number): string {
  const named = Object.entries(schema.properties ?? {}).map(([name, value]) =>
    line(`\`${name}\``, value, isRequired(schema, name), depth),
  );
  const any = schema.additionalProperties;
  const free = typeof any === 'object' && !isPlainText(any) ? [line('_any name_', any, false, depth)] : [];
  return [...named, ...free].join('');
}

function line(name: string, schema: JsonSchema, required: boolean, depth: number): string {
  const remarks = [kindOf(schema), required ? 'required' : '', defaultOf(schema)].filter(Boolean).join(', ');
  const about = schema.description ? `: ${sentence(schema.description)}` : '';
  const own = `${'  '.repeat(depth)}- ${name}${remarks ? ` (${remarks})` : ''}${about}\n`;
  return own + below(schema, depth + 1);
}

/** What may stand at a key: the keys of a mapping, or a choice between several ways to write it. */
function below(schema: JsonSchema, depth: number): string {
  if (schema.items) return below(schema.items, depth);
  const choices = choicesOf(schema);
  if (!choices.some((choice) => choice.properties)) return keysOf(schema, depth);
  return choices
    .map((choice, i) => line(`${i === 0 ? '' : 'or '}${wordFor(choice)}`, choice, false, depth))
    .join('');
}

/** Patterns without a type only limit a text; they are no choice of their own. */
function choicesOf(schema: JsonSchema): JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return inner.flatMap((one) => ((one.anyOf ?? one.oneOf) ? orItself(one) : [one])).filter((one) => one.type);
}

function orItself(schema: JsonSchema): JsonSchema[] {
  const choices = choicesOf(schema);
  return choices.length > 0 ? choices : [schema];
}

const wordFor = (schema: JsonSchema): string => (schema.properties ? 'a mapping' : 'in short');

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return spell(schema.const);
  if (schema.enum) return schema.enum.map(spell).join(' or ');
  const kinds: Record<string, string> = { array: 'list', integer: 'whole number', number: 'number' };
  return kinds[schema.type ?? ''] ?? (schema.type === 'string' ? 'text' : '');
}

function defaultOf({ default: value }: JsonSchema): string {
  const isEmpty = value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return isEmpty ? '' : `default ${spell(value)}`;
}

const spell = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

const isRequired = (schema: JsonSchema, name: string): boolean => schema.required?.includes(name) ?? false;

const isPlainText = (schema: JsonSchema): boolean => schema.type === 'string';

const sentence = (text = ''): string => text.replaceAll('\n', ' ').trim();
