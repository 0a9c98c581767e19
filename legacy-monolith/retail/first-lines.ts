import { Transform } from 'node:stream';

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Lets the first records of a CSV through; a line break between quotes does not end one. */
export function firstLines(count: number): Transform {
  let left = count;
  let quoted = false;
  const endOfLast = (chunk: Buffer): number => {
    for (let at = 0; at < chunk.length; at += 1) {
      if (chunk[at] === QUOTE) quoted = !quoted;
      if (chunk[at] === NEWLINE && !quoted && --left === 0) return at + 1;
    }
    return chunk.length;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (left === 0) return done();
      this.push(chunk.subarray(0, endOfLast(chunk)));
      if (left === 0) this.push(null);
      done();
    },
  });
}
