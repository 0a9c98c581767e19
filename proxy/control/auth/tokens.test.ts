import { describe, expect, it } from '@jest/globals';
import { ControlStartError } from '../listen.ts';
import { findToken, readTokens } from './tokens.ts';

const SEVERAL =
  'ada:operator:a-secret-of-ada-lovelace wall:viewer:a:screen:on:the:wall,ci:operator:0123456789abcdef';

describe('the tokens of the environment', () => {
  it('are several, each with name and role, and one that is shared', () => {
    const tokens = readTokens({ STRANGLER_TOKEN: 'shared', STRANGLER_TOKENS: SEVERAL });
    expect(tokens.map(({ name, role }) => [name, role])).toEqual([
      [null, 'operator'],
      ['ada', 'operator'],
      ['wall', 'viewer'],
      ['ci', 'operator'],
    ]);
    expect(findToken(tokens, 'a:screen:on:the:wall')?.name).toBe('wall');
    expect(findToken(tokens, 'shared')?.role).toBe('operator');
    expect(findToken(tokens, 'a-secret-of-ada-lovelac')).toBeNull();
    expect(readTokens({})).toEqual([]);
  });

  it.each([
    [{ STRANGLER_TOKEN: '' }, /STRANGLER_TOKEN to a secret/],
    [{ STRANGLER_TOKENS: ' ' }, /STRANGLER_TOKENS is empty/],
    [{ STRANGLER_TOKENS: 'ada' }, /Token 1 .*"ada".* no role/],
    [{ STRANGLER_TOKENS: ':viewer:0123456789abcdef' }, /Token 1 .* no name/],
    [{ STRANGLER_TOKENS: 'ada:admin:0123456789abcdef' }, /ada:viewer:secret or ada:operator:secret/],
    [{ STRANGLER_TOKENS: 'ada:viewer:short' }, /"ada".* at least 16 characters/],
    [{ STRANGLER_TOKENS: 'a:viewer:0123456789abcdef a:viewer:fedcba9876543210' }, /the same name/],
    [{ STRANGLER_TOKENS: 'a:viewer:0123456789abcdef b:operator:0123456789abcdef' }, /the same secret/],
  ])('%j is refused, and no secret is repeated', (environment, words) => {
    const read = () => readTokens(environment);
    expect(read).toThrow(ControlStartError);
    expect(read).toThrow(words);
    expect(read).not.toThrow(/0123456789abcdef|short"/);
  });
});
