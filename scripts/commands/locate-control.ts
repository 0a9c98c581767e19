import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { expandEnvironment } from '../config/environment.ts';
import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

const DEFAULT_URL = 'http://127.0.0.1:8081';

/**
 * Where the control API of a configuration is reached from its own machine. Only that one setting is read: who
 * rolls back at night needs neither the databases' passwords nor a file without a mistake.
 */
export function locateControl(file: string, wasNamed: boolean, onTrouble: (words: string) => void): string {
  if (!existsSync(file)) {
    if (wasNamed) throw new CommandError(EXIT.usage, `There is no configuration at ${file}; check --config.`);
    return DEFAULT_URL;
  }
  const listen = readListen(file);
  if (listen === undefined) return DEFAULT_URL;
  if (/^(\[[0-9a-f:]+\]|[^:\s]+):\d{1,5}$/i.test(listen)) {
    return `http://${listen.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:')}`;
  }
  onTrouble(`control.listen in ${file} cannot be read; using ${DEFAULT_URL}, or name another with --url.`);
  return DEFAULT_URL;
}

/** Refuses what is no address of a control API. */
export function checkAddress(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new CommandError(EXIT.usage, `--url ${url} is not an address like ${DEFAULT_URL}.`);
}

/** The setting as it stands there; undefined when it is left out, empty when nothing can be made of it. */
function readListen(file: string): string | undefined {
  try {
    const { control } = (parse(readFileSync(file, 'utf8')) ?? {}) as { control?: { listen?: unknown } };
    if (control?.listen === undefined) return undefined;
    const { value, problems } = expandEnvironment(control.listen, process.env);
    return problems.length === 0 ? String(value) : '';
  } catch {
    return '';
  }
}
