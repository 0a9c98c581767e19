import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyRelay } from './body-relay.ts';

/** Feeds a body in pieces, and gives what the client gets of it and what is left over. */
function relayed(
  body: string,
  cuts: readonly number[] = [],
): { passed: string; surplus: number; isBroken: boolean } {
  const relay = new BodyRelay({ kind: 'chunks' });
  let passed = '';
  const borders = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
  let at = 0;
  for (const border of [...borders, body.length]) {
    const bytes = Buffer.from(body.slice(at, border), 'latin1');
    at = border;
    const { prefix, used, suffix, isDone, surplus, isBroken } = relay.take(bytes, 0, bytes.length);
    if (isBroken) return { passed, surplus, isBroken };
    passed += prefix + bytes.toString('latin1', 0, used) + suffix;
    if (isDone) return { passed, surplus: surplus + body.length - at, isBroken };
  }
  return { passed, surplus: NaN, isBroken: false };
}

const chunksOf = (texts: readonly string[]) =>
  texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((each) => Buffer.from(each).toString('latin1'));

describe('a chunked body', () => {
  it('is followed to its end and passed on as it came, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(bytes(1, 40), { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        bytes(0, 10),
        (texts, cuts, behind) => {
          const body = `${chunksOf(texts)}0\r\n\r\n`;
          expect(relayed(body + behind, cuts)).toEqual({
            passed: body,
            surplus: behind.length,
            isBroken: false,
          });
        },
      ),
    );
  });

  it('keeps its trailers, however it is cut, but for those that frame, route or say who the client is', () => {
    const trailers = 'X-Sum: 1\r\nContent-Length: 9\r\nx-forwarded-for: 6.6.6.6\r\nEtag: "a"\r\n';
    const body = `3\r\nabc\r\n0\r\n${trailers}\r\n`;
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        expect(relayed(`${body}more`, cuts)).toEqual({
          passed: '3\r\nabc\r\n0\r\nX-Sum: 1\r\nEtag: "a"\r\n\r\n',
          surplus: 4,
          isBroken: false,
        });
      }),
    );
  });

  it('may say its sizes in capitals, with zeros in front, and with extensions', () => {
    const body = '00A;x="y"\r\n0123456789\r\n000\r\n\r\n';
    expect(relayed(body)).toEqual({ passed: body, surplus: 0, isBroken: false });
  });

  it.each([
    'x\r\nabc\r\n0\r\n\r\n',
    '\r\nabc\r\n0\r\n\r\n',
    '+3\r\nabc\r\n0\r\n\r\n',
    '-3\r\nabc\r\n0\r\n\r\n',
    '0x3\r\nabc\r\n0\r\n\r\n',
    ' 3\r\nabc\r\n0\r\n\r\n',
    '3 \r\nabc\r\n0\r\n\r\n',
    '3\nabc\r\n0\r\n\r\n',
    '3\rabc\r\n0\r\n\r\n',
    '3\rxabc\r\n0\r\n\r\n',
    '3;x\nabc\r\n0\r\n\r\n',
    '3;x\0\r\nabc\r\n0\r\n\r\n',
    `3;${'x'.repeat(2000)}\r\nabc\r\n0\r\n\r\n`,
    '3\r\nabcd\r\n0\r\n\r\n',
    '3\r\nabc\n0\r\n\r\n',
    '3\r\nabc0\r\n\r\n',
    'fffffffffffff\r\nabc',
    '0\r\nX-A\r\n\r\n',
    '0\r\n X-A: b\r\n\r\n',
    '0\r\nX-A: b\n\r\n\r\n',
    `0\r\nX-A: ${'b'.repeat(20_000)}`,
  ])('is broken where it could be read in two ways: %j', (body) => {
    expect(relayed(body).isBroken).toBe(true);
    expect(
      relayed(
        body,
        Array.from(body.slice(0, 40), (_, at) => at),
      ).isBroken,
    ).toBe(true);
  });
});
