import { Command } from 'commander';
import { soakAborts } from './aborts.ts';
import { fuzzHeads } from './heads.ts';
import { fuzzLanes } from './lanes.ts';

/** Looks for what breaks the fast lane: `npm run fuzz`. Any failure names the seed, and comes again with it. */
const number = (text: string): number => Number(text);
const options = new Command('fuzz')
  .option('--heads <n>', 'heads that the grammar reads', number, 1_000_000)
  .option('--requests <n>', 'requests that go through both lanes', number, 3000)
  .option('--clients <n>', 'clients that leave when they like', number, 20_000)
  .option('--seed <n>', 'what chance begins with', number, Date.now() % 2 ** 32)
  .parse()
  .opts<{ heads: number; requests: number; clients: number; seed: number }>();

const { seed } = options;
const say = (what: string, found: object): void =>
  void process.stdout.write(`${what}: ${JSON.stringify(found)}\n`);
say('seed', { seed });
if (options.heads > 0) say('heads', fuzzHeads(options.heads, seed));
if (options.requests > 0) say('both lanes', await fuzzLanes(options.requests, seed));
if (options.clients > 0) say('aborts', await soakAborts(options.clients, seed));
