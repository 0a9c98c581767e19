import { Command } from 'commander';
import { explore, RULES } from './explore/explore.ts';
import { MUTATIONS } from './explore/mutations.ts';

/**
 * Goes through everything that can happen around changes of owner, up to a bound: `npm run explore`. With
 * `--mutations` the protocol is broken on purpose, and each way of breaking it has to be found.
 */
const count = (text: string): number => Number.parseInt(text, 10);
const { maxStates, mutations, ...bound } = new Command('explore')
  .option('--faults <n>', 'crashes, lost answers, late messages, leases that run out', count, 1)
  .option('--orders <n>', 'changes of owner that somebody begins', count, 1)
  .option('--takeovers <n>', 'coordinators that take on what is under way', count, 1)
  .option('--writes <n>', 'writes through the proxies', count, 1)
  .option('--strays <n>', 'transactions past the proxies', count, 1)
  .option('--batches <n>', 'batches that a sync process reads', count, 1)
  .option('--max-states <n>', 'where it stops', count, 5_000_000)
  .option('--mutations', 'break the protocol in each known way')
  .parse()
  .opts<
    Record<'faults' | 'orders' | 'takeovers' | 'writes' | 'strays' | 'batches' | 'maxStates', number> & {
      mutations?: true;
    }
  >();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

let isAsExpected = true;
for (const [name, rules] of mutations ? Object.entries(MUTATIONS) : [['the protocol', RULES] as const]) {
  const { states, steps, depth, isComplete, broken } = explore(bound, rules, maxStates);
  const extent = isComplete || broken ? '' : ': NOT ALL, the limit was reached';
  say(
    `${name}: ${states.toLocaleString('en')} states, ${steps.toLocaleString('en')} steps, ${depth} deep${extent}`,
  );
  if (broken) say(`  ${broken.promise}:\n${broken.story.map((what, i) => `  ${i + 1}. ${what}`).join('\n')}`);
  else say('  every promise holds');
  isAsExpected &&= (broken !== null) === (mutations === true) && (isComplete || broken !== null);
}
process.exitCode = isAsExpected ? 0 : 1;
