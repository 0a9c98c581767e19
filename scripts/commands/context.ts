import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import { ControlClient } from './client.ts';
import { EXIT } from './exit-codes.ts';
import { checkAddress, locateControl } from './locate-control.ts';
import { Screen } from './show/screen.ts';

export interface GlobalOptions {
  config: string;
  url?: string;
  output: 'table' | 'json';
}

/** What every command works with. */
export interface Context {
  client: ControlClient;
  screen: Screen;
}

/** Reads the global options of a command that talks to the control API. */
export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const screen = new Screen(options.output === 'json');
  const wasNamed = command.parent?.getOptionValueSource('config') === 'cli';
  const url =
    options.url === undefined
      ? locateControl(options.config, wasNamed, (trouble) => screen.note(trouble))
      : checkAddress(options.url);
  process.once('SIGINT', () => {
    screen.interrupted();
    process.exit(EXIT.interrupted);
  });
  return { client: new ControlClient(url, process.env['STRANGLER_TOKEN'], actor()), screen };
}

function actor(): string {
  const name = `${userName()}@${hostname()}`;
  return /^[\x20-\x7e]{1,100}$/.test(name) ? name : 'unknown';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have a number and no name.
    return process.env['USER'] ?? 'unknown';
  }
}
