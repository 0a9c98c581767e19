import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Ends by itself, with an exit code that says whether all went well. */
  once: boolean;
  json: boolean;
  /** The long story: all four services leave the monolith. */
  all: boolean;
  /** Leaves out one change in a thousand: the checker has to notice. */
  sabotage: boolean;
  /** Invoice lines to import; all when left out. */
  lines: number | undefined;
}

/** The demo was called in a way that it does not know. */
export class UsageError extends Error {
  constructor(message: string) {
    super(`${message}\nSee npm run demo -- --help`);
    this.name = 'UsageError';
  }
}

const SABOTAGE = 'skip-one-in-1000';

export const HELP = `Usage: npm run demo -- [options]

Moves the catalog of a running shop out of its monolith, under live traffic: there, back, and there again.
Then it checks on its own, in both databases, that no acknowledged write is missing, doubled or stale.
Needs nothing but Node and npm: PostgreSQL comes along, its data live in .strangler/demo.

Options:
  --all              the long story: catalog, cart, orders and payments leave one after the other, in a day's traffic
                     with a flash sale, the nightly job, and a failing release that is taken back by itself.
                     Keeps the payments in MySQL or MariaDB, which has to be installed or to run on port 3306
  --once             end after the check: 0 when no request failed, no acknowledged write is missing, doubled
                     or older than the newest acknowledged one, and both sides are equal; 1 otherwise
  -o, --output json  print the result as JSON on stdout, and everything else on stderr
  --lines <n>        import only the first n invoice lines (of 541,909)
  --sabotage ${SABOTAGE}
                     self-test of the checker: a trigger leaves out one change in a thousand on its way back to
                     the monolith; the demo must name what is missing and end with 1 (implies --once)
  -h, --help         this text

Without --once the shop stays up, with traffic, until Ctrl-C.
`;

/**
 * Reads the command line; null when help was asked for.
 *
 * @throws UsageError
 */
export function readOptions(args: string[]): DemoOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { output = 'table', sabotage, lines } = values;
  if (output !== 'table' && output !== 'json') {
    throw new UsageError(`--output is table or json, not "${output}"`);
  }
  if (sabotage !== undefined && sabotage !== SABOTAGE) {
    throw new UsageError(`the only --sabotage is ${SABOTAGE}, not "${sabotage}"`);
  }
  if (lines !== undefined && !/^[1-9]\d{0,8}$/.test(lines)) {
    throw new UsageError(`--lines wants a number of lines, not "${lines}"`);
  }
  if (values.all === true && sabotage !== undefined) {
    throw new UsageError('--sabotage is for the short story: leave --all out');
  }
  return {
    all: values.all === true,
    once: values.once === true || sabotage !== undefined,
    json: output === 'json',
    sabotage: sabotage !== undefined,
    lines: lines === undefined ? undefined : Number(lines),
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        once: { type: 'boolean' },
        all: { type: 'boolean' },
        output: { type: 'string', short: 'o' },
        sabotage: { type: 'string' },
        lines: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
