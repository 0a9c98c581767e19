import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalisePath } from './path.ts';

const refusalOf = (target: string): string | null => {
  const read = normalisePath(target);
  return read.kind === 'refusal' ? read.reason : null;
};

const segmentsOf = (target: string): readonly string[] => {
  const read = normalisePath(target);
  if (read.kind === 'refusal') throw new Error(`${target} was refused: ${read.reason}`);
  return read.segments;
};

describe('normalising a path', () => {
  it.each([
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a%00',
    '/a\\b',
    '/%',
    '/%zz',
    '/%a',
    '/a/../b',
    '/a/./b',
    '/..',
    '/%2e%2e/b',
    '/.%2E/b',
    '/a/..;/b',
    '/a/%2e%2e;x=1/b',
    '/%c0%ae%c0%ae/b',
    '/%c0%af',
    '/%ff',
    '/a#b',
    '/a?b#c',
    '/a b',
    'http://shop.example/a',
    '*',
    '//',
    '//shop.example/api/products',
    'shop.example:443',
  ])('refuses %j', (target) => {
    expect(refusalOf(target)).toEqual(expect.any(String));
  });

  it('gives every spelling of a path the same segments', () => {
    for (const spelling of [
      '/api/products',
      '/api/%70roducts',
      '/api//products',
      '/api/products/',
      '/api;v=1/products',
    ])
      expect(segmentsOf(spelling)).toEqual(['api', 'products']);
  });

  it('decodes once and only once', () => {
    expect(segmentsOf('/a/%252e%252e/b')).toEqual(['a', '%2e%2e', 'b']);
    expect(segmentsOf('/caf%C3%A9')).toEqual(['café']);
    expect(segmentsOf('/a.b/v1.2/...')).toEqual(['a.b', 'v1.2', '...']);
  });

  it('keeps the bytes that came in, whatever they are', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9._~!$&'()*+,;=:@|^-]{1,8}$/),
      fc.constantFrom('/', '//', '%41', '%2e', '%C3%A9', '%25', '%3b', '%20', '%2F', '..', '.'),
    );
    fc.assert(
      fc.property(
        fc.array(piece),
        fc.option(fc.stringMatching(/^[A-Za-z0-9=&%/?.]{0,9}$/)),
        (pieces, search) => {
          const target = `/${pieces.join('')}${search === null ? '' : `?${search}`}`;
          const read = normalisePath(target);
          if (read.kind === 'path') expect(read.path + read.query).toBe(target);
        },
      ),
    );
  });

  it('never lets a segment out that is a dot segment or holds a separator', () => {
    const byte = fc.constantFrom(
      '/',
      '.',
      '%2e',
      '%2E',
      ';',
      'a',
      '%41',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '%25',
      '%c0%ae',
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
        const read = normalisePath(`/${bytes.join('')}`);
        if (read.kind === 'refusal') return;
        for (const segment of read.segments) {
          expect(['', '.', '..']).not.toContain(segment);
          expect(segment).not.toMatch(/[/\\;\0]/);
        }
      }),
    );
  });

  it('gives a path back when its meaning is written down again', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((text) => !/[/\\;\0]|^\.\.?$/.test(text));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        expect(segmentsOf(`/${segments.map(encodeURIComponent).join('/')}`)).toEqual(segments);
      }),
    );
  });

  it('gives a character and its percent-encoding one meaning', () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9_~-]{1,8}$/);
    const everyByte = (text: string): string =>
      text.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, fc.boolean()), { maxLength: 5 }), (parts) => {
        const target = parts.map(([text, isEncoded]) => `/${isEncoded ? everyByte(text) : text}`).join('');
        expect(segmentsOf(target || '/')).toEqual(parts.map(([text]) => text));
      }),
    );
  });

  it('answers whatever is sent, and refuses everything that is no origin form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (target) => {
        const read = normalisePath(target);
        if (!/^\/(?!\/)/.test(target)) expect(read.kind).toBe('refusal');
      }),
    );
  });
});
