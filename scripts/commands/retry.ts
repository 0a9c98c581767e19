import { Command, Option } from 'commander';
import { count } from '../../proxy/dashboard/words.ts';
import type { Schemas } from './client.ts';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { keyIn, withKey, type KeyOptions } from './row-key.ts';
import { retriedInWords } from './show/parked.ts';

type Retried = Schemas['RetriedKey'];

/** Of keys that stay parked; those that are applied are only counted. */
const SHOWN = 100;

/** `strangler retry`: try parked changes now, and say what became of each. */
export function retryCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('retry')
    .description('try parked changes now; fails when some stay parked')
    .argument('<migration>', 'as it is called in the configuration')
    .addOption(new Option('--all', 'all keys (the default)').conflicts(['table', 'key']));
  return withKey(command).action(async (name: string, options: KeyOptions, self: Command) => {
    const { client, screen } = contextOf(self);
    const one = keyIn(options);
    let applied = 0;
    const parked: Retried[] = [];
    let [more, stays]: [string | null, number] = [null, 0];
    do {
      const order = one ?? (more === null ? {} : { after: more });
      const { tried, next } = await client.retryParked(name, order);
      const refused = tried.filter((each) => !each.applied);
      applied += tried.length - refused.length;
      stays += refused.length;
      parked.push(...refused.slice(0, SHOWN - parked.length));
      more = next;
      const words = `retry: ${count(applied)} applied, ${count(stays)} stay parked`;
      screen.progress(words, words, 'retry');
    } while (more !== null);
    const result = { migration: name, applied, parked: stays, examples: parked };
    screen.result(result, () => retriedInWords(result, screen));
    finish(stays > 0 ? EXIT.failed : EXIT.done);
  });
}
