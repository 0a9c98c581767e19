import { describe, expect, it } from '@jest/globals';
import { callerOfClaims } from './role-of-claims.ts';

const RULES = { nameClaim: 'email', rolesClaim: 'groups', operators: ['ops'], viewers: ['staff'] };

describe('who somebody is by their claims', () => {
  it.each([
    [
      { email: 'ada@x', groups: ['ops', 'staff'] },
      { name: 'ada@x', role: 'operator' },
    ],
    [
      { email: 'ada@x', groups: 'staff other' },
      { name: 'ada@x', role: 'viewer' },
    ],
    [
      { sub: '17', groups: ['staff'] },
      { name: '17', role: 'viewer' },
    ],
    [
      { sub: '17', email: 'ad\u0007a', groups: ['staff'] },
      { name: '17', role: 'viewer' },
    ],
    [{ email: 'ada@x', groups: ['OPS', 'opsx'] }, null],
    [{ email: 'ada@x', groups: { ops: true } }, null],
    [{ email: 'ada@x' }, null],
    [{ groups: ['ops'] }, null],
  ])('%j is %j', (claims, caller) => {
    expect(callerOfClaims(claims, RULES)).toEqual(caller);
  });

  it('is found deeper in the claims, and under a name that has dots', () => {
    const rules = { ...RULES, rolesClaim: 'realm_access.roles' };
    const operator = { name: 'ada', role: 'operator' };
    expect(callerOfClaims({ sub: 'ada', realm_access: { roles: ['ops'] } }, rules)).toEqual(operator);
    const url = 'https://example.com/roles';
    expect(callerOfClaims({ sub: 'ada', [url]: ['ops'] }, { ...RULES, rolesClaim: url })).toEqual(operator);
  });

  it('is a viewer for everybody whom the provider vouches for, where that is wanted', () => {
    expect(callerOfClaims({ sub: 'ada' }, { ...RULES, viewers: ['*'] })).toEqual({
      name: 'ada',
      role: 'viewer',
    });
  });
});
