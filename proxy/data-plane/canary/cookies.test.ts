import { describe, expect, it } from '@jest/globals';
import { readCookie } from './cookies.ts';

describe('reading a cookie', () => {
  it.each([
    ['arm=1', '1'],
    ['a=b; arm=1; c=d', '1'],
    ['a=b;arm=1 ;c=d', '1'],
    ['arm_wrote=2; xarm=3; arm=1', '1'],
    ['other=arm; arm=1', '1'],
    ['arm=', ''],
    ['arm=a=b', 'a=b'],
  ])('finds it in %j', (header, value) => expect(readCookie(header, 'arm')).toBe(value));

  it.each([undefined, '', 'arm', 'xarm=1', 'arm_wrote=1', 'a=arm; b=1', 'a=xarm=1'])(
    'finds none in %j',
    (header) => expect(readCookie(header, 'arm')).toBeNull(),
  );
});
