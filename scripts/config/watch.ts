import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from './problems.ts';
import type { Config } from './read.ts';
import { readConfig } from './read.ts';

/** An editor writes a file in several steps, and a mounted one is exchanged as a whole folder. */
const SETTLE_MS = 100;
/** Some network file systems never report a change, and nothing reports that a refused one would fit now. */
const LOOK_ANYWAY_MS = 5000;

export interface ConfigListener {
  /** Takes a new, valid configuration; may throw a `ConfigError` when it does not fit what is in force. */
  take(config: Config): void;
  /** Told once of each text and each reason. */
  refused(error: ConfigError): void;
}

interface Refused {
  text: string;
  message: string;
}

/**
 * Reads strangler.yaml again whenever it changes, and offers what it finds. What was refused is offered again now and
 * then: what stood in its way may be over, and the file must not differ from what is in force without end.
 *
 * @param text what stood in it when it was last read
 */
export function watchConfig(file: string, text: string, listener: ConfigListener): { close(): void } {
  let taken = text;
  let refused: Refused | null = null;
  const look = (): void => {
    const now = textOf(file);
    // While a file is exchanged, there is none for a moment.
    if (now === null || (now === taken && !refused)) return;
    const error = offer(file, now, listener);
    if (!error) taken = now;
    else if (now !== refused?.text || error.message !== refused.message) listener.refused(error);
    refused = error && { text: now, message: error.message };
  };
  let settling: NodeJS.Timeout | undefined;
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

/** Why it was refused; null when it was taken. */
function offer(file: string, text: string, listener: ConfigListener): ConfigError | null {
  try {
    listener.take(readConfig(file, process.env, text));
    return null;
  } catch (error) {
    // Something that no check foresaw must not end a process that carries requests.
    return error instanceof ConfigError ? error : new ConfigError([String(error)]);
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
