import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config/read.ts';
import { readConfig } from '../config/read.ts';
import { ConfigError } from '../config/problems.ts';

/** Tells a part where its parent keeps the configuration in force. */
const IN_FORCE = 'STRANGLER_CONFIG_IN_FORCE';

/** The text of the configuration in force: a part that has to start again must not stumble over a newer, broken file. */
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
 * Reads strangler.yaml, or what was in force when the file was broken afterwards.
 *
 * @throws ConfigError when the file is wrong and nothing was in force
 */
export function readUsable(file: string): Config {
  const inForce = process.env[IN_FORCE];
  try {
    return readConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigError) || inForce === undefined) throw error;
    return readConfig(file, process.env, readFileSync(inForce, 'utf8'));
  }
}
