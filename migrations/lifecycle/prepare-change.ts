import { SilentDatabaseError } from '../databases/errors.ts';
import { within } from '../databases/within.ts';
import type { Capability } from './capability.ts';
import { openSynced } from './capability.ts';
import type { Member } from './change-owner.ts';
import { MoveFailedError } from './errors.ts';
import type { MigrationState } from './fold.ts';
import { nextEpoch } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GateResult } from './gates.ts';
import { prepareHandOver } from './hand-over.ts';
import { evidenceOf } from './move-stage.ts';
import type { Order } from './order.ts';
import type { Stage } from './stages.ts';
import { forEach } from './together.ts';

/** For all that is prepared before a change of owner, and for rows that are still being written then. */
const PREPARE_MS = 15_000;
const SETTLE_MS = 500;

/** A change of owner that somebody has ordered, and whose gates hold. */
interface OrderedChange {
  verb: Member['order']['verb'];
  to: Stage;
  order: Order;
}

/**
 * What the protocol needs to know of each member of a group, as it stood when its gates were asked.
 *
 * @throws MappingError, UnknownTableError, UnreachableDatabaseError
 */
export function membersOf(
  journal: JournalFollower,
  { verb, to, order }: OrderedChange,
  group: readonly Capability[],
  states: readonly MigrationState[],
  gates: readonly GateResult[][],
): Promise<Member[]> {
  const { actor, reason } = order;
  return Promise.all(
    group.map(async (capability, i): Promise<Member> => {
      const { name } = capability;
      const { stage: from, epoch, owner: oldOwner, seq } = states[i] ?? journal.state(name);
      const newEpoch = nextEpoch(journal.entries, name);
      const evidence = evidenceOf(order, gates[i] ?? []);
      const synced = await openSynced(capability, from);
      const own = { migration: name, from, to, epoch, newEpoch, oldOwner };
      return { order: { verb, ...own, actor, reason, evidence }, seq, ground: synced, synced };
    }),
  );
}

/** Before the first write waits; a database that is silent here keeps nobody waiting but who ordered the move. */
export async function prepare(verb: Member['order']['verb'], members: readonly Member[]): Promise<void> {
  const silent = (waitedFor: readonly string[]): Error =>
    new SilentDatabaseError(`preparing "${verb}"`, waitedFor, PREPARE_MS);
  const work = (): Promise<void> =>
    forEach(members, async ({ synced, order }) => synced && prepareHandOver(synced, order, SETTLE_MS));
  await within(PREPARE_MS, silent, work).catch((error: unknown) => {
    if (!(error instanceof MoveFailedError)) throw error;
    const what = `"${verb}" was not begun: ${error.message}`;
    throw new MoveFailedError(`${what}; \`strangler verify\` finds all that differs`, false);
  });
}
