import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/read.ts';
import { readConfig } from '../config/read.ts';

/** Tells a part where its parent keeps the configuration in force. */
const IN_FORCE = 'STRANGLER_CONFIG_IN_FORCE';

/**
 * The text of the configuration in force: a part that has to start again must not
 * stumble over a newer file that is broken or was refused.
 */
export class ConfigInForce {
  private readonly file = join(tmpdir(), `strangler-${process.pid}.yaml`);

  constructor(config: Config) {
    this.keep(config);
  }

  /** For the environment of the parts. */
  get environment(): NodeJS.ProcessEnv {
    return { [IN_FORCE]: this.file };
  }

  keep({ text }: Config): void {
    writeFileSync(this.file, text, { mode: 0o600 });
  }

  forget(): void {
    rmSync(this.file, { force: true });
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
