import { checkPlainHead } from '../../proxy/data-plane/testing/check-plain-head.ts';
import { oddHead, seeded } from '../../proxy/data-plane/testing/odd-heads.ts';

/** Nobody's head takes this long to read, unless reading takes the square of its length or worse. */
const HANG_MS = 250;

/** What the grammar made of so many odd heads. */
export interface HeadsFound {
  heads: number;
  plain: number;
  slowestMs: number;
}

/** Reads odd heads and throws at the first that is taken for something else than what it is. */
export function fuzzHeads(heads: number, seed: number): HeadsFound {
  const random = seeded(seed);
  const found: HeadsFound = { heads, plain: 0, slowestMs: 0 };
  for (let count = 0; count < heads; count += 1) {
    const text = oddHead(random);
    const { isPlain, contradiction, ms } = timed(text);
    if (contradiction)
      throw new Error(`Head ${count} of seed ${seed}: ${contradiction}: ${JSON.stringify(text)}`);
    // A machine that has other things to do takes its time once; a hang comes again.
    if (ms > HANG_MS && timed(text).ms > HANG_MS && timed(text).ms > HANG_MS)
      throw new Error(`Head ${count} of seed ${seed} took ${ms} ms: ${JSON.stringify(text)}`);
    if (isPlain) found.plain += 1;
    found.slowestMs = Math.max(found.slowestMs, ms);
  }
  return found;
}

function timed(text: string): ReturnType<typeof checkPlainHead> & { ms: number } {
  const startedAt = performance.now();
  return { ...checkPlainHead(text), ms: performance.now() - startedAt };
}
