import { ANSWERS, BothLanes, differenceOf } from '../../proxy/data-plane/testing/both-lanes.ts';
import { oddRequest, seeded } from '../../proxy/data-plane/testing/odd-heads.ts';

/** How many pairs of proxies are asked at the same time. */
const AT_ONCE = 8;

/** What became of so many odd requests. */
export interface LanesFound {
  requests: number;
  /** How many of them the fast lane carried. */
  carriedFast: number;
}

/** Sends the same odd bytes through both lanes, and throws when they differ in what comes of them. */
export async function fuzzLanes(requests: number, seed: number): Promise<LanesFound> {
  const random = seeded(seed);
  const found: LanesFound = { requests: 0, carriedFast: 0 };
  const work = async (): Promise<void> => {
    const lanes = await BothLanes.start();
    try {
      while (found.requests < requests) {
        found.requests += 1;
        await compare(lanes, oddRequest(random), Math.floor(random() * ANSWERS.length), seed);
      }
    } finally {
      found.carriedFast += lanes.carriedFast;
      await lanes.stop();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function compare(lanes: BothLanes, bytes: string, answer: number, seed: number): Promise<void> {
  const [general, fast] = await lanes.outcomesOf(bytes, answer);
  const difference = differenceOf(general, fast);
  if (difference === null) return;
  throw new Error(
    `Seed ${seed}: ${difference} for ${JSON.stringify(bytes)} and answer ${answer}.\n` +
      `general: ${JSON.stringify(general).slice(0, 4000)}\nfast: ${JSON.stringify(fast).slice(0, 4000)}`,
  );
}
