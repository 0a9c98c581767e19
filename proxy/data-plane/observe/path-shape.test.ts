import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shapeOf } from './path-shape.ts';

describe('the shape of a path', () => {
  it.each([
    ['/', '/'],
    ['/api/products/42', '/api/products/{…}'],
    ['/api/v2/products/ab-12/reviews', '/api/v2/products/{…}/reviews'],
    ['/reset/eyJhbGciOiJIUzI1NiJ9.abc', '/reset/{…}'],
    ['/files/quarterly report', '/files/{…}'],
    ['/a/b/c/d/e/f/g/h', '/a/b/c/d/e/f/…'],
    [`/${'x'.repeat(41)}`, '/{…}'],
    ['/robots.txt', '/robots.txt'],
    ['/users/ada@example.com', '/users/{…}'],
  ])('of %s is %s', (path, shape) => {
    expect(shapeOf(path)).toBe(shape);
  });

  it('is short, and shows nothing that has a digit but a version', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 })), (segments) => {
        const shape = shapeOf(`/${segments.join('/')}`);
        expect(shape.length).toBeLessThan(270);
        for (const segment of shape.split('/'))
          expect(segment).toMatch(/^(|…|\{…\}|[a-z._-]{1,40}|v\d{1,2}|[a-z]+\d)$/i);
      }),
    );
  });
});
