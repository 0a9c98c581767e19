import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toMinor, toPrice } from '../money.ts';

describe('a price', () => {
  it('is the same after a way through minor units', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 14n), 10n ** 14n), (minor) => {
        expect(toMinor(toPrice(String(minor)))).toBe(String(minor));
      }),
    );
  });

  it.each([
    ['0', '0.00'],
    ['5', '0.05'],
    ['-5', '-0.05'],
    ['255', '2.55'],
    ['9007199254740993', '90071992547409.93'],
  ])('of %s minor units reads %s', (minor, price) => {
    expect(toPrice(minor)).toBe(price);
  });
});
