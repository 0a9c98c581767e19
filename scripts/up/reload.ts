import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { forgotten, problemsOfChange } from '../config/change.ts';
import type { InForce } from '../config/change.ts';
import { ConfigError } from '../config/problems.ts';
import type { Problem } from '../config/problems.ts';
import type { Config } from '../config/read.ts';
import { watchConfig } from '../config/watch.ts';

/** What a part has to offer so that its configuration can be exchanged while it runs. */
export interface Reconfigurable {
  inForce(): InForce[];
  /** Works by the new configuration from now on. */
  reconfigure(config: Config): void;
}

/** Where each migration stands, as far as it forbids a change of the configuration. */
export function inForceOf(journal: JournalFollower): InForce[] {
  return [...journal.states.values()].map(({ migration, stage }) => ({ migration, stage }));
}

/** Keeps a part in step with its file. What is wrong is refused whole, and the configuration in force stays. */
export function followConfig(
  config: Config,
  part: Reconfigurable,
  say: { taken(config: Config): void; refused(error: ConfigError): void },
): { close(): void } {
  let inForce = config;
  return watchConfig(config.file, config.text, {
    take: (next) => {
      refuse(next, problemsOfChange(inForce, next, part.inForce()));
      part.reconfigure(next);
      inForce = next;
      say.taken(next);
    },
    refused: (error) => say.refused(error),
  });
}

/** @throws ConfigError when the configuration does not know a migration that is under way */
export function refuseForgotten(config: Config, states: Iterable<InForce>): void {
  refuse(config, forgotten(config, [...states]));
}

function refuse(config: Config, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new ConfigError(
    problems.map(({ path, atKey, message }) => `${config.whereIs(path, atKey)} ${message}`),
  );
}
