import { describe, expect, it } from '@jest/globals';
import { Secrets } from './mask.ts';

const secrets = new Secrets(['tenant']);

describe('secrets in targets', () => {
  it.each([
    ['/a?token=abc&q=x', '/a', '/a?token=***&q=x'],
    ['/a?access%5Ftoken=abc', '/a', '/a?access%5Ftoken=***'],
    ['/a?q=4111+1111+1111+1111', '/a', '/a?q=***'],
    ['/a?q=1234567890123', '/a', '/a?q=1234567890123'],
    ['/a?TENANT_ID=7', '/a', '/a?TENANT_ID=***'],
    ['/reset/abc/x', '/reset/{resetToken}/x', '/reset/***/x'],
    ['/by/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig', '/by/*', '/by/***'],
    ['/a%20b/c?d=%26e', '/*', '/a%20b/c?d=%26e'],
    ['/a?b=%zz&flag', '/a', '/a?b=%zz&flag'],
  ])('%s', (target, template, masked) => expect(secrets.target(target, template)).toBe(masked));
});

describe('secrets in text', () => {
  it.each([
    ['IBAN DE89 3704 0044 0532 0130 00 of mine', 'IBAN *** of mine'],
    ['AB12 3456 7890 1234 is no account', 'AB12 3456 7890 1234 is no account'],
    ['Authorization: Bearer abc.def-123', /^Authorization: \*\*\*/],
    ['say Bearer abcdef123', 'say Bearer ***'],
    ['order 20260102030405 of today', 'order 20260102030405 of today'],
    ['{"card_number":"x1","a":2', '{"card_number":"***","a":2'],
  ])('%s', (text, masked) => {
    if (typeof masked === 'string') expect(secrets.text(text)).toBe(masked);
    else expect(secrets.text(text)).toMatch(masked);
  });

  it('is found in good time in a text made to take long', () => {
    const started = performance.now();
    for (const text of [
      '1 '.repeat(40_000),
      'token'.repeat(15_000),
      'AA11 '.repeat(14_000),
      'eyJ.'.repeat(20_000),
    ])
      secrets.text(text);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
