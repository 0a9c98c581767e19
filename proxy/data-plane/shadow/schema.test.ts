import { describe, expect, it } from '@jest/globals';
import { shadowSchema } from './schema.ts';

const complaints = (settings: unknown) =>
  (shadowSchema.safeParse(settings).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
const ignoring = (path: string, reason = 'test') => ({ ignore: [{ path, reason }] });

describe('the settings of the shadow', () => {
  it('have defaults that compare strictly', () => {
    expect(shadowSchema.parse({})).toMatchObject({
      compare: { arrays: 'ordered', nullIsMissing: false, numbers: 'exact' },
      headers: ['content-type'],
    });
  });

  it.each([
    [ignoring('servedBy'), /^ignore\.0\.path: is no JSONPath: expected '\$'.*written "\$\.\.name"$/],
    [ignoring('$.items['), /^ignore\.0\.path: is no JSONPath: /],
    [ignoring('$'), /^ignore\.0\.path: would ignore the whole answer/],
    [ignoring('$.a', ' '), /^ignore\.0\.reason: /],
    [{ compare: { arrays: ['$.a', 'b'] } }, /^compare\.arrays\.1: is no JSONPath: /],
    [{ headers: ['content type'] }, /^headers\.0: is no name of a header/],
    [{ compare: { numbers: { tolerance: 0 } } }, /^compare\.numbers/],
  ])('refuse %j', (settings, complaint) => {
    expect(complaints(settings)).toEqual([expect.stringMatching(complaint)]);
  });
});
