import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalise } from './normalise.ts';

describe('normalise', () => {
  it.each([
    ['numeric', '2.50', '2.5'],
    ['numeric', '-0.00', '0'],
    ['numeric', '007', '7'],
    ['jsonb', '{"b":1,"a":[1,2]}', '{"a":[1,2],"b":1}'],
    ['timestamp with time zone', '2020-01-01 00:00:00.100000+00', '2020-01-01 00:00:00.1+00'],
  ])('%s: %s means %s', (type, a, b) => expect(normalise(type, a)).toBe(normalise(type, b)));

  it.each([
    ['numeric', '2.51', '2.5'],
    ['numeric', '10', '1'],
    ['text', 'a', 'a '],
    ['jsonb', '[1,2]', '[2,1]'],
    ['timestamp with time zone', '2020-01-01 00:00:00.1+00', '2020-01-01 00:00:00.100001+00'],
  ])('%s: %s is not %s', (type, a, b) => expect(normalise(type, a)).not.toBe(normalise(type, b)));

  it('keeps different numbers different', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.bigInt({ min: 0n, max: 999n }),
        (whole, cents) => {
          const text = `${whole}.${String(cents).padStart(3, '0')}`;
          const other = `${whole}.${String((cents + 1n) % 1000n).padStart(3, '0')}`;
          expect(normalise('numeric', text)).not.toBe(normalise('numeric', other));
        },
      ),
    );
  });
});
