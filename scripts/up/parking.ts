import type { Capability } from '../../migrations/lifecycle/capability.ts';
import { openSynced, streamFrom } from '../../migrations/lifecycle/capability.ts';
import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import { LifecycleError, MoveUnderWayError } from '../../migrations/lifecycle/errors.ts';
import type { MigrationState } from '../../migrations/lifecycle/fold.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { isSynced, otherSide } from '../../migrations/lifecycle/stages.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { ChangedKey, Database } from '../../migrations/databases/database.ts';
import { retryKeys } from '../../migrations/parking/retry.ts';
import { skipKey } from '../../migrations/parking/skip.ts';
import type { Stream } from '../../migrations/relay/stream.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type {
  PageRequest,
  ParkedChanges,
  ParkedPage,
  ParkedRows,
  RetryOutcome,
  RetryRequest,
  RowKey,
  SkipActor,
  SkipOutcome,
} from '../../proxy/control/parking.ts';

/** Tried in one transaction, while live changes wait. */
const RETRIED_AT_ONCE = 100;
const ROWS_SHOWN = 100;

/** Shows what is parked in the following side's database, and does with it what a person orders. */
export class ParkedChangesOf implements ParkedChanges {
  private readonly store: ControlStore;
  private readonly journal: JournalFollower;
  private readonly coordinator: Coordinator;

  constructor(parts: { store: ControlStore; journal: JournalFollower; coordinator: Coordinator }) {
    this.store = parts.store;
    this.journal = parts.journal;
    this.coordinator = parts.coordinator;
  }

  async parked(migration: string, { after, limit }: PageRequest): Promise<ParkedPage> {
    const follower = this.followerOf(migration);
    const [{ parked: changes, parkedKeys: keys }, found] = await Promise.all([
      follower.progress(migration),
      follower.parkedKeys(migration, readCursor(after), limit),
    ]);
    const parked = found.map(({ op: operation, since, ...key }) => ({
      ...key,
      operation,
      since: isoTime(since),
    }));
    return { migration, changes, keys, parked, next: cursorBehind(found, limit) };
  }

  async parkedRows(migration: string, key: RowKey): Promise<ParkedRows> {
    this.refuseStranger(migration, key);
    const found = await this.followerOf(migration).parkedOf(migration, key, ROWS_SHOWN);
    const changes = found.map(({ id, op: operation, parkedAt, reason, row }) => ({
      ...{ id, operation, parkedAt: isoTime(parkedAt), reason, row },
    }));
    return { migration, ...key, changes };
  }

  async retry(migration: string, { key, after }: RetryRequest): Promise<RetryOutcome> {
    if (key) this.refuseStranger(migration, key);
    const stream = await this.streamOf(migration);
    const keys = key ? [key] : await stream.target.parkedKeys(migration, readCursor(after), RETRIED_AT_ONCE);
    const tried = (await retryKeys(stream, keys)).map(({ reason, ...which }) => ({
      ...{ ...which, applied: reason === null, reason },
    }));
    return { migration, tried, next: key ? null : cursorBehind(keys, RETRIED_AT_ONCE) };
  }

  async skip(migration: string, key: RowKey, { name: actor, reason }: SkipActor): Promise<SkipOutcome> {
    this.refuseStranger(migration, key);
    const stream = await this.streamOf(migration);
    const state = this.journal.state(migration);
    const skipped = await skipKey(stream, key, async (evidence) => {
      const decision = { kind: 'skipped', ...key, changes: evidence.changes } as const;
      const { epoch, seq } = state;
      await this.store.append({ migration, decision, epoch, actor, reason, evidence: evidence.kept }, seq);
    });
    await this.journal.refresh();
    return { migration, ...key, ...skipped };
  }

  /** That nothing is parked of a table whose name is misspelt would be true, and of no help. */
  private refuseStranger(migration: string, { table }: RowKey): void {
    const { pairs } = this.coordinator.capability(migration);
    const { owner } = this.journal.state(migration);
    const tables = [...new Set(pairs.map(({ from, to }) => (owner === 'monolith' ? from : to)))];
    if (tables.length === 0 || tables.includes(table)) return;
    const words = `"${table}" is no table of the ${owner} in "${migration}"; what is parked is of ${tables.join(', ')}.`;
    throw new ControlError('bad-request', words);
  }

  /** Works without the mapping: whoever looks may be about to find out why that does not fit any more. */
  private followerOf(migration: string): Database {
    const capability = this.coordinator.capability(migration);
    const state = this.journal.state(migration);
    if (!capability.databases || !isSynced(state.stage)) throw nothingParked(capability, state);
    return capability.databases[otherSide(state.owner)];
  }

  private async streamOf(migration: string): Promise<Stream> {
    const capability = this.coordinator.capability(migration);
    await this.journal.refresh();
    const state = this.journal.state(migration);
    const { change } = state;
    if (change) throw new MoveUnderWayError(migration, change.verb, change.actor, change.at);
    const synced = isSynced(state.stage) ? await openSynced(capability, state.stage) : null;
    if (!synced) throw nothingParked(capability, state);
    return streamFrom(synced, state.owner, state.epoch);
  }
}

function nothingParked({ databases }: Capability, { migration, stage }: MigrationState): LifecycleError {
  const why = databases ? `is not in sync in stage ${stage}` : 'has no tables';
  return new LifecycleError(`"${migration}" ${why}: nothing can be parked`);
}

/** Databases write times in their own way. */
const isoTime = (text: string): string => new Date(text).toISOString();

function cursorBehind(keys: readonly ChangedKey[], limit: number): string | null {
  const last = keys.length < limit ? undefined : keys.at(-1);
  return last ? Buffer.from(JSON.stringify([last.table, last.key])).toString('base64url') : null;
}

function readCursor(after: string | null): ChangedKey | null {
  if (after === null) return null;
  try {
    const [table, key] = JSON.parse(Buffer.from(after, 'base64url').toString()) as unknown[];
    if (typeof table === 'string' && typeof key === 'string') return { table, key };
  } catch {
    // Said below.
  }
  throw new ControlError('bad-request', '`after` must be the `next` of an answer.');
}
