import { Command, InvalidArgumentError } from 'commander';
import { contextOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { keyIn, withKey, type KeyOptions } from './row-key.ts';
import { pageInWords, rowsInWords } from './show/parked.ts';

interface ParkedOptions extends KeyOptions {
  limit: number;
  after?: string;
}

const MOST = 1000;

/** `strangler parked`: which changes the following side refused, and why; or the rows of one key. */
export function parkedCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('parked')
    .description('show changes that the following side refused, and why; with --table and --key, the rows')
    .argument('<migration>', 'as it is called in the configuration')
    .option('--limit <keys>', 'how many keys to show', parseLimit, 50)
    .option('--after <next>', 'go on behind these: the `next` of what was shown before');
  return withKey(command).action(async (name: string, options: ParkedOptions, self: Command) => {
    const { client, screen } = contextOf(self);
    const one = keyIn(options);
    if (one) {
      const rows = await client.parkedRows(name, one.table, one.key);
      screen.result(rows, () => rowsInWords(rows, screen));
    } else {
      const page = await client.parked(name, options.after ?? null, options.limit);
      screen.result(page, () => pageInWords(page, screen));
    }
    finish(EXIT.done);
  });
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MOST) return limit;
  throw new InvalidArgumentError(`It must be from 1 to ${MOST}.`);
}
