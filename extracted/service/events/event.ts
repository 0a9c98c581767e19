import { z } from 'zod';
import type { components } from './events.gen.ts';

type Schemas = components['schemas'];

/** What the services tell each other, as asyncapi.yaml has it. Each event carries its subject as it is after it. */
export interface Told {
  'product.changed': Schemas['Product'];
  'product.deleted': Schemas['DeletedProduct'];
  'checkout.done': Schemas['Checkout'];
  'checkout.taken-back': Schemas['Checkout'];
  'order.placed': Schemas['Order'];
  'order.cancelled': Schemas['Order'];
  'payment.captured': Schemas['Payment'];
  'payment.refunded': Schemas['Payment'];
}

/** Subject and verb; the routing key too. */
export type EventName = keyof Told;

export const CONTENT_TYPE = 'application/cloudevents+json';
/** Padded to so many digits, numbers sort as texts. */
const SEQUENCE_DIGITS = 20;

const TYPE = /^dev\.strangler\.shop\.([a-z.-]+)\.v1$/;
export const typeOf = (name: string): string => `dev.strangler.shop.${name}.v1`;
export const sequenceOf = (id: string): string => id.padStart(SEQUENCE_DIGITS, '0');

/** CloudEvents 1.0 in structured JSON, with the same extensions as the toolkit's change events. */
const envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(100),
  source: z.string().min(1).max(100),
  type: z.string().regex(TYPE, 'is no event of the shop'),
  subject: z.string().min(1).max(100),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  partitionkey: z.string().min(1).max(100),
  sequence: z.string().regex(new RegExp(`^\\d{${SEQUENCE_DIGITS}}$`)),
  data: z.unknown(),
});

export type ShopEvent = z.infer<typeof envelope>;

/** A message that no attempt will ever make sense of; the words are for the queue where it is kept. */
export class UnreadableEventError extends Error {
  override name = 'UnreadableEventError';
}

/** @throws UnreadableEventError */
export function decode(content: Buffer): ShopEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.toString());
  } catch (error) {
    throw new UnreadableEventError(`it is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  return readAs(envelope, parsed, 'event');
}

/** @throws UnreadableEventError naming the first wrong field */
export function readAs<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [first] = read.error.issues;
  throw new UnreadableEventError(`${[what, ...(first?.path ?? [])].join('.')}: ${first?.message}`);
}

/** The name in the type of a decoded event. */
export const nameOf = ({ type }: ShopEvent): string => TYPE.exec(type)?.[1] ?? type;
