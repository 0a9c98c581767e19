import { describe, expect, it } from '@jest/globals';
import specifications from '@asyncapi/specs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { SUBSCRIPTIONS } from '../events/subscriptions.ts';
import { ASYNCAPI } from '../testing/asyncapi.ts';

/** Every `$ref` below a value. */
function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as { $ref?: string };
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(refsOf)];
}

const at = (document: unknown, ref: string): unknown =>
  ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

/** Who does it, and with which events, by the names of the operations. */
function operations(action: 'send' | 'receive'): Record<string, string[]> {
  const found = Object.entries(ASYNCAPI.operations).filter(([, operation]) => operation.action === action);
  const byService = Map.groupBy(found, ([name]) => name.split('.')[0]!);
  return Object.fromEntries(
    [...byService].map(([service, of]) => [
      service,
      of.map(([, { channel }]) => channel.$ref.slice('#/channels/'.length)),
    ]),
  );
}

describe('asyncapi.yaml', () => {
  it('is a document as AsyncAPI 3.0 specifies it', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    (addFormats as unknown as (of: Ajv) => void)(ajv);
    const validate = ajv.compile(specifications.schemasWithoutId['3.0.0'] as object);

    validate(ASYNCAPI);

    expect(validate.errors).toBeNull();
  });

  it('has everything that it refers to', () => {
    const refs = refsOf(ASYNCAPI);

    expect(refs.length).toBeGreaterThan(50);
    expect(refs.filter((ref) => at(ASYNCAPI, ref) === undefined)).toEqual([]);
  });

  it('has each service take what it is subscribed to', () => {
    expect(operations('receive')).toEqual(SUBSCRIPTIONS);
  });

  it('has one service tell what a channel is for, whose address is its name', () => {
    const told = Object.values(operations('send')).flat();

    expect(told).toEqual(Object.keys(ASYNCAPI.channels));
    expect(Object.values(ASYNCAPI.channels).map(({ address }) => address)).toEqual(told);
  });
});
