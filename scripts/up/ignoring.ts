import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import { MoveUnderWayError } from '../../migrations/lifecycle/errors.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { IgnoreOrder, IgnoreOutcome } from '../../proxy/control/ignoring.ts';
import type { Actor } from '../../proxy/control/lifecycle.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type { Config } from '../config/read.ts';

export interface IgnoringParts {
  config: Config;
  store: ControlStore;
  journal: JournalFollower;
  coordinator: Coordinator;
}

/**
 * Journals that a part of the answers is not compared any more, or is again. Every proxy follows the journal, and the
 * gate counts only what was compared by the same rules.
 *
 * @throws MoveUnderWayError while the migration moves: the move has to find the journal as it left it
 */
export async function ignoreField(
  { config, store, journal, coordinator }: IgnoringParts,
  migration: string,
  { path, ignored }: IgnoreOrder,
  { name: actor, reason }: Actor,
): Promise<IgnoreOutcome> {
  coordinator.capability(migration);
  await journal.refresh();
  const { change, installing, epoch, seq, ignored: before } = journal.state(migration);
  const moving = change ?? (installing && { ...installing, verb: 'sync' });
  if (moving) throw new MoveUnderWayError(migration, moving.verb, moving.actor, moving.at);
  const ofFile = config.migrations[migration]?.shadow.ignore ?? [];
  const alsoInFile = ofFile.some((rule) => rule.path === path);
  const wasIgnored = before.some((field) => field.path === path);
  const outcome = { migration, path, ignored, alsoInFile };
  if (wasIgnored === ignored) {
    if (!ignored && alsoInFile) throw onlyInFile(migration, path);
    return { ...outcome, changed: false };
  }
  const decision = { kind: ignored ? 'field-ignored' : 'field-compared', path } as const;
  await store.append({ migration, decision, epoch, actor, reason, evidence: null }, seq);
  await journal.refresh();
  return { ...outcome, changed: true };
}

function onlyInFile(migration: string, path: string): ControlError {
  return new ControlError(
    'bad-request',
    `"${path}" is ignored by strangler.yaml, not by an order; take it out of \`migrations.${migration}.shadow.ignore\` there.`,
  );
}
