import { join } from 'node:path';
import { ControlClient } from '../commands/client.ts';
import type { Children } from './children.ts';
import type { Ledger } from './ledger.ts';
import type { Narrator } from './narrator.ts';
import type { Addresses, Databases } from './surroundings.ts';
import type { Tally } from './tally.ts';
import type { Traffic } from './traffic.ts';

/** What it takes to move a migration, and to tell of it. */
export interface Mover {
  /** The one that is moved. */
  migration: string;
  narrator: Narrator;
  children: Children;
  databases: { control: string };
  /** For looking; what changes something is a command that a person would type. */
  control: ControlClient;
  tally: Tally;
}

/** Everything that a step of the demo works with. */
export interface Scene extends Mover {
  databases: Databases;
  addresses: Addresses;
  ledger: Ledger;
  traffic: Traffic;
}

/** A command of the demo did not end as it must. */
class CommandFailedError extends Error {
  constructor(line: string, code: number | null) {
    super(`"${line}" ended with ${code ?? 'a signal'}; what it said stands above`);
    this.name = 'CommandFailedError';
  }
}

const CONFIG = join('legacy-monolith', 'strangler.yaml');
const CLI = join('scripts', 'strangler.ts');

/** The arguments that run the product itself. */
export const UP = [CLI, '-c', CONFIG, 'up'];

/** The control API as `strangler` itself asks it. */
export const openControl = (url: string): ControlClient => new ControlClient(url, undefined, 'demo');

/**
 * Runs `strangler` as a person would, and shows what it says.
 *
 * @returns whether it ended with 0
 * @throws CommandFailedError when it ended otherwise, unless that is `expected`
 */
export async function strangler(
  scene: Pick<Mover, 'narrator' | 'children'>,
  args: string[],
  expected: number[] = [],
): Promise<boolean> {
  const line = `strangler ${args.map((arg) => (/\s/.test(arg) ? JSON.stringify(arg) : arg)).join(' ')}`;
  scene.narrator.command(line);
  const code = await scene.children.show([CLI, '-c', CONFIG, ...args], scene.narrator.stream);
  if (code !== 0 && !(code !== null && expected.includes(code))) throw new CommandFailedError(line, code);
  return code === 0;
}
