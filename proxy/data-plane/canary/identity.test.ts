import { describe, expect, it } from '@jest/globals';
import { newExchange, type Carrier, type Exchange } from '../exchange.ts';
import { Identities } from './identity.ts';
import { canarySchema } from './schema.ts';
import { Signer } from './signer.ts';

const signer = new Signer('arm', ['key']);
const identitiesBy = (canary: Parameters<typeof canarySchema.parse>[0]) =>
  new Identities(signer, canarySchema.parse(canary));

const exchangeWith = (headers: Record<string, string>): Exchange =>
  newExchange(
    {
      method: 'GET',
      target: { kind: 'path', path: '/', query: '', segments: [] },
      header: (name) => headers[name],
      peer: '192.0.2.1',
      client: '192.0.2.1',
      isSecure: false,
      bodyBytes: 0,
    },
    {} as Carrier,
  );

const tokenOf = (claims: object): string =>
  ['{"alg":"none"}', JSON.stringify(claims)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.') + '.';

describe('who a client is', () => {
  it('is a random id of its own, given once and signed', () => {
    const identities = identitiesBy({});
    const exchange = exchangeWith({});
    const id = identities.of(exchange);
    expect(identities.of(exchange)).toBe(id);
    expect(exchange.answerHeaders).toHaveLength(1);
    const cookie = exchange.answerHeaders[0]?.[1].split(';', 1)[0] ?? '';
    const again = exchangeWith({ cookie: `a=1; ${cookie}; b=2` });
    expect(identities.of(again)).toBe(id);
    expect(again.answerHeaders).toEqual([]);
  });

  it('is not what a cookie says that no proxy has signed', () => {
    const identities = identitiesBy({});
    for (const forged of ['abcdefghijklmnop', 'abcdefghijklmnop.AAAAAAAAAAAAAAAAAAAAAA', '']) {
      const exchange = exchangeWith({ cookie: `strangler_arm=${forged}` });
      expect(identities.of(exchange)).not.toContain('abcdefghijklmnop');
      expect(exchange.answerHeaders).toHaveLength(1);
    }
  });

  it('is what the configured header says, and the cookie where that is missing, empty or endless', () => {
    const identities = identitiesBy({ by: { header: 'X-User-Id' } });
    const known = exchangeWith({ 'x-user-id': '42' });
    expect([identities.of(known), known.answerHeaders]).toEqual(['42', []]);
    for (const value of [{}, { 'x-user-id': '' }, { 'x-user-id': 'x'.repeat(257) }]) {
      const unknown = exchangeWith(value);
      expect(identities.of(unknown)).toMatch(/^[\w-]{16}$/);
      expect(unknown.answerHeaders).toHaveLength(1);
    }
  });

  it('is a claim of the verified token, or of one that nobody has verified', () => {
    const identities = identitiesBy({ by: { jwt: 'sub' } });
    const authorization = `Bearer ${tokenOf({ sub: 'from the token', n: 7 })}`;
    expect(identities.of(exchangeWith({ authorization }))).toBe('from the token');
    const verified = { ...exchangeWith({ authorization }), claims: { sub: 'verified' } };
    expect(identities.of(verified)).toBe('verified');
    expect(identitiesBy({ by: { jwt: 'n' } }).of(exchangeWith({ authorization }))).toBe('7');
  });

  it.each(['Bearer nonsense', 'Bearer a.b.c', 'Basic YTpi', `Bearer ${tokenOf({ sub: { a: 1 } })}`, ''])(
    'is the cookie for a token that says nothing: %s',
    (authorization) => {
      const exchange = exchangeWith({ authorization });
      expect(identitiesBy({ by: { jwt: 'sub' } }).of(exchange)).toMatch(/^[\w-]{16}$/);
      expect(exchange.answerHeaders).toHaveLength(1);
    },
  );
});
