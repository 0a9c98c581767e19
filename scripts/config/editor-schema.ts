import { z } from 'zod';
import { configSchema } from './schema.ts';

/** As much of JSON Schema as zod writes for our configuration. */
export interface JsonSchema {
  $id?: string;
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  pattern?: string;
  format?: string;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** `${NAME}` is put in after an editor has looked, so no other pattern can be asked of a text that has one. */
const REFERENCE: JsonSchema = { pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' };

/** The JSON Schema of strangler.yaml, for editors: what they underline is what `strangler up` would refuse. */
export function editorSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema, path }) => {
      if (path.at(-1) !== 'propertyNames') allowReference(jsonSchema as JsonSchema);
    },
  }) as JsonSchema;
  return { $id: 'strangler.schema.json', title: 'strangler.yaml', ...schema };
}

function allowReference(schema: JsonSchema): void {
  // The pattern says it more exactly than the format, and editors do not know all formats.
  const { pattern, format } = schema;
  if (schema.type !== 'string' || (pattern === undefined && format === undefined)) return;
  delete schema.pattern;
  delete schema.format;
  schema.anyOf = [pattern === undefined ? { format: format ?? '' } : { pattern }, REFERENCE];
}
