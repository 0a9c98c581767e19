import { Command } from 'commander';
import { explore, RULES } from './explore/explore.ts';
import { GROUP_MUTATIONS, MUTATIONS } from './explore/mutations.ts';

/**
 * Goes through everything that can happen around changes of owner, up to a bound: `npm run explore`. With
 * `--mutations` the protocol is broken on purpose, and each way of breaking it has to be found.
 */
const count = (text: string): number => Number.parseInt(text, 10);
const { maxStates, mutations, members, ...bound } = new Command('explore')
  .option('--faults <n>', 'crashes, lost answers, late messages, leases that run out', count, 1)
  .option('--orders <n>', 'changes of owner that somebody begins', count, 1)
  .option('--takeovers <n>', 'coordinators that take on what is under way', count, 1)
  .option('--writes <n>', 'writes through the proxies', count, 1)
  .option('--strays <n>', 'transactions past the proxies', count, 1)
  .option('--batches <n>', 'batches that a sync process reads', count, 1)
  .option('--members <n>', 'migrations that move together', count, 1)
  .option('--max-states <n>', 'where it stops', count, 5_000_000)
  .option('--mutations', 'break the protocol in each known way')
  .parse()
  .opts<
    Record<
      'faults' | 'orders' | 'takeovers' | 'writes' | 'strays' | 'batches' | 'maxStates' | 'members',
      number
    > & {
      mutations?: true;
    }
  >();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const broken = { ...MUTATIONS, ...(members > 1 ? GROUP_MUTATIONS : {}) };

let isAsExpected = true;
for (const [name, rules] of mutations ? Object.entries(broken) : [['the protocol', RULES] as const]) {
  const { states, steps, depth, isComplete, broken: found } = explore(bound, rules, maxStates, members);
  const extent = isComplete || found ? '' : ': NOT ALL, the limit was reached';
  say(
    `${name}: ${states.toLocaleString('en')} states, ${steps.toLocaleString('en')} steps, ${depth} deep${extent}`,
  );
  if (found) say(`  ${found.promise}:\n${found.story.map((what, i) => `  ${i + 1}. ${what}`).join('\n')}`);
  else say('  every promise holds');
  isAsExpected &&= (found !== null) === (mutations === true) && (isComplete || found !== null);
}
process.exitCode = isAsExpected ? 0 : 1;
