import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

interface AsyncApi {
  channels: Record<string, { address: string; messages: { event: { $ref: string } } }>;
  operations: Record<string, { action: 'send' | 'receive'; channel: { $ref: string } }>;
  components: { messages: Record<string, { payload: { $ref: string } }>; schemas: object };
}

export const ASYNCAPI = parse(
  readFileSync(new URL('../../asyncapi.yaml', import.meta.url), 'utf8'),
) as AsyncApi;

const ajv = new Ajv({ allErrors: true, strict: false });
// The package is CommonJS, whose types do not say what Node gives.
(addFormats as unknown as (of: Ajv) => void)(ajv);
const ID = 'https://strangler.dev/shop/asyncapi';
ajv.addSchema({ $id: ID, components: ASYNCAPI.components });

/** What is wrong with a message of a channel, by the document; null when nothing is. */
export function faultOf(channel: string, message: unknown): string | null {
  const described = ASYNCAPI.channels[channel];
  if (!described) return `the document has no channel ${channel}`;
  const name = described.messages.event.$ref.split('/').at(-1)!;
  const validate = ajv.compile({ $ref: `${ID}${ASYNCAPI.components.messages[name]!.payload.$ref}` });
  return validate(message) ? null : `${channel}: ${ajv.errorsText(validate.errors)}`;
}
