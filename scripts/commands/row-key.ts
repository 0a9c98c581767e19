import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

export interface KeyOptions {
  table?: string;
  key?: string;
}

/** Adds the two options that name one row of a migration. */
export function withKey(command: Command): Command {
  return command
    .addOption(new Option('--table <name>', "the owner's table, as the configuration names it"))
    .option(
      '--key <key>',
      'as `parked` shows it, e.g. \'["7"]\'; or the plain text of a simple key',
      parseKey,
    );
}

/** The row that was named; null when none was. */
export function keyIn({ table, key }: KeyOptions): { table: string; key: string } | null {
  if (table === undefined && key === undefined) return null;
  if (table !== undefined && key !== undefined) return { table, key };
  throw new CommandError(EXIT.usage, 'A row is named by --table and --key together.');
}

/** A key as the control API takes it. A truncation concerns all keys: it has the empty one. */
function parseKey(text: string): string {
  if (text === '' || text === '*') return '';
  if (!text.startsWith('[')) return JSON.stringify([text]);
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new InvalidArgumentError('Write it as `parked` shows it, e.g. \'["7"]\'.');
  }
}
