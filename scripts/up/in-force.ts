import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/read.ts';
import { readConfig } from '../config/read.ts';

/** Tells a part where its parent keeps the configuration in force. */
const IN_FORCE = 'STRANGLER_CONFIG_IN_FORCE';

/**
 * The text of the configuration in force: a part that has to start again must not stumble over a newer file that is
 * broken or was refused.
 */
export class ConfigInForce {
  private text: string;
  private folder: string | null = null;

  constructor({ text }: Config) {
    this.text = text;
  }

  keep({ text }: Config): void {
    this.text = text;
  }

  /**
   * For the environment of a part that is about to start. The copy is written anew each time: temporary folders are
   * cleaned of what was not touched for some days. The folder is ours alone, so nobody else can plant a configuration.
   */
  environment(): NodeJS.ProcessEnv {
    if (this.folder === null || !existsSync(this.folder))
      this.folder = mkdtempSync(join(tmpdir(), 'strangler-'));
    const file = join(this.folder, 'strangler.yaml');
    // Exchanged whole: another part may just be reading it.
    writeFileSync(`${file}.new`, this.text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return { [IN_FORCE]: file };
  }

  forget(): void {
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Reads what a process starts with: strangler.yaml, or for a part what its parent has in force. A newer file may be
 * broken or may have been refused; it is offered to the part like any change.
 *
 * @throws ConfigError
 */
export function readToStart(file: string): Config {
  const inForce = process.env[IN_FORCE];
  return readConfig(file, process.env, inForce === undefined ? null : readFileSync(inForce, 'utf8'));
}
