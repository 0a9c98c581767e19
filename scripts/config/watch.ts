import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from './problems.ts';
import type { Config } from './read.ts';
import { readConfig } from './read.ts';

/** An editor writes a file in several steps, and a mounted one is exchanged as a whole folder. */
const SETTLE_MS = 100;
/** Some network file systems never report a change. */
const LOOK_ANYWAY_MS = 5000;

export interface ConfigListener {
  /** Takes a new, valid configuration; may throw a `ConfigError` when it does not fit what is in force. */
  take(config: Config): void;
  refused(error: ConfigError): void;
}

/**
 * Reads strangler.yaml again whenever it changes, and offers what it finds.
 *
 * @param text what stood in it when it was last read
 */
export function watchConfig(file: string, text: string, listener: ConfigListener): { close(): void } {
  let known = text;
  let settling: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = textOf(file);
    // While a file is exchanged, there is none for a moment.
    if (now === null || now === known) return;
    known = now;
    offer(file, now, listener);
  };
  const soon = (): void => {
    clearTimeout(settling);
    settling = setTimeout(look, SETTLE_MS);
  };
  const stopWatching = watchFolder(dirname(file), soon);
  const anyway = setInterval(look, LOOK_ANYWAY_MS);
  anyway.unref();
  look();
  return {
    close: () => {
      stopWatching();
      clearTimeout(settling);
      clearInterval(anyway);
    },
  };
}

function offer(file: string, text: string, listener: ConfigListener): void {
  try {
    listener.take(readConfig(file, process.env, text));
  } catch (error) {
    // Something that no check foresaw must not end a process that carries requests.
    listener.refused(error instanceof ConfigError ? error : new ConfigError([String(error)]));
  }
}

/** The folder, not the file: one that is replaced by another of its name is lost to whoever watches it. */
function watchFolder(folder: string, changed: () => void): () => void {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    const stop = (): void => watcher.close();
    watcher.on('error', stop);
    return stop;
  } catch {
    return () => undefined;
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
