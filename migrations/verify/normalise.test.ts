import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Kind } from '../databases/kind.ts';
import { TEXT } from '../databases/kind.ts';
import { normalise } from './normalise.ts';

const kind = (name: string): Kind => {
  if (name === 'decimal') return { kind: 'decimal', precision: null, scale: null };
  if (name === 'instant') return { kind: 'instant', precision: 6 };
  return name === 'json' ? { kind: 'json' } : TEXT;
};

describe('normalise', () => {
  it.each([
    ['decimal', '2.50', '2.5'],
    ['decimal', '-0.00', '0'],
    ['decimal', '007', '7'],
    ['json', '{"b":1,"a":[1,2]}', '{"a":[1,2],"b":1}'],
    ['instant', '2020-01-01 00:00:00.100000+00', '2020-01-01 00:00:00.1+00'],
  ])('%s: %s means %s', (name, a, b) => expect(normalise(kind(name), a)).toBe(normalise(kind(name), b)));

  it.each([
    ['decimal', '2.51', '2.5'],
    ['decimal', '10', '1'],
    ['text', 'a', 'a '],
    ['json', '[1,2]', '[2,1]'],
    ['instant', '2020-01-01 00:00:00.1+00', '2020-01-01 00:00:00.100001+00'],
  ])('%s: %s is not %s', (name, a, b) => expect(normalise(kind(name), a)).not.toBe(normalise(kind(name), b)));

  it('keeps different numbers different', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.bigInt({ min: 0n, max: 999n }),
        (whole, cents) => {
          const text = `${whole}.${String(cents).padStart(3, '0')}`;
          const other = `${whole}.${String((cents + 1n) % 1000n).padStart(3, '0')}`;
          expect(normalise(kind('decimal'), text)).not.toBe(normalise(kind('decimal'), other));
        },
      ),
    );
  });
});
