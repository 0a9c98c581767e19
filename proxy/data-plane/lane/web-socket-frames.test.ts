import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as ws from 'ws';
import { FrameBorders } from './web-socket-frames.ts';

interface FrameOptions {
  mask: boolean;
  opcode: number;
  fin: boolean;
}

// The types leave it out.
const { Sender } = ws as unknown as { Sender: { frame: (data: Buffer, options: object) => Buffer[] } };

/** Frames as another implementation writes them. */
function frame(data: Buffer, options: FrameOptions): Buffer {
  return Buffer.concat(Sender.frame(data, { ...options, readOnly: true, rsv1: false }));
}

const frames = fc.array(
  fc.record({
    length: fc.oneof(fc.nat(130), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_000)),
    mask: fc.boolean(),
    opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
    fin: fc.boolean(),
  }),
  { maxLength: 6 },
);

describe('the borders of frames', () => {
  it('are found however the frames are cut into chunks', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1 }), (given, cuts) => {
        const all = given.map(({ length, ...options }) => frame(Buffer.alloc(length), options));
        const ends = new Set(
          all.reduce<number[]>((sums, each) => [...sums, (sums.at(-1) ?? 0) + each.length], [0]),
        );
        const bytes = Buffer.concat(all);
        const borders = new FrameBorders();
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const end = Math.min(bytes.length, at + (cuts[turn % cuts.length] ?? 1));
          borders.follow(bytes.subarray(at, end));
          expect(borders.atBorder).toBe(ends.has(end));
          at = end;
        }
      }),
    );
  });

  it('are met at the first byte behind the frame that is under way', () => {
    const first = frame(Buffer.alloc(300), { mask: false, opcode: 2, fin: true });
    const bytes = Buffer.concat([first, frame(Buffer.alloc(9), { mask: false, opcode: 1, fin: true })]);
    for (const seen of [1, 2, 3, 4, 5, 200, first.length - 1]) {
      const borders = new FrameBorders();
      borders.follow(bytes.subarray(0, seen));
      expect(borders.followToBorder(bytes.subarray(seen))).toBe(first.length - seen);
      expect(borders.atBorder).toBe(true);
    }
  });
});
