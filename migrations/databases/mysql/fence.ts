import { once } from 'node:events';
import type { SideState } from '../database.ts';
import { FenceTimeoutError, NotInstalledError, StaleEpochError } from '../errors.ts';
import { ER, errorNumber, query, transaction, using } from './connect.ts';
import type { Server, Session } from './connect.ts';
import { literal } from './identifiers.ts';

const GIVEN_UP: ReadonlySet<number | null> = new Set([ER.INTERRUPTED, ER.LOCK_WAIT_TIMEOUT, ER.DEADLOCK]);

/**
 * Raises the fence. Every transaction that has written holds its row shared, so changing it waits for them all; and
 * once it is changed nothing more can come from this side, which is why the barrier is read after it and never before.
 */
export async function raiseFence(
  server: Server,
  migration: string,
  tables: readonly string[],
  attempt: bigint,
  lockTimeoutMs: number,
): Promise<void> {
  const name = literal(migration);
  try {
    await using(server, (session) =>
      withinTime(server, session, lockTimeoutMs, () =>
        transaction(session, async () => {
          const [done] = await session.run(
            `UPDATE strangler_side SET role = 'fenced', attempt = ${attempt}
             WHERE migration = ${name} AND role = 'owner' AND attempt < ${attempt}`,
          );
          if (done?.affectedRows !== 1) {
            await refuseStale(server, session, migration, `owner before attempt ${attempt}`);
          }
          await session.run(`UPDATE strangler_fence SET raised = TRUE WHERE migration = ${name}`);
        }),
      ),
    );
  } catch (error) {
    if (GIVEN_UP.has(errorNumber(error))) throw new FenceTimeoutError(server.label, tables, lockTimeoutMs);
    throw error;
  }
}

/** The server's own limits count whole seconds, so what takes longer is ended from another connection. */
async function withinTime<T>(
  server: Server,
  session: Session,
  ms: number,
  work: () => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  const killing = once(late.signal, 'abort').then(() =>
    query(server, `KILL QUERY ${session.connection.threadId}`).catch(() => undefined),
  );
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    // What is ended late must not be the next statement of somebody else.
    if (late.signal.aborted) {
      await killing;
      session.connection.destroy();
    }
  }
}

/** Lowers the fence and makes this side the owner. Repeating it changes nothing. */
export async function becomeOwner(
  server: Server,
  migration: string,
  epoch: bigint,
  attempt: bigint,
): Promise<void> {
  const name = literal(migration);
  await using(server, (session) =>
    transaction(session, async () => {
      const [before] = await session.rows(
        `SELECT role FROM strangler_side WHERE migration = ${name} AND epoch <= ${epoch} AND attempt <= ${attempt}
         FOR UPDATE`,
      );
      if (!before) {
        const wanted = `an epoch up to ${epoch} and attempt up to ${attempt}`;
        return refuseStale(server, session, migration, wanted);
      }
      await session.run(
        `UPDATE strangler_side SET role = 'owner', owner = ${literal(server.label)}, epoch = ${epoch},
         attempt = GREATEST(attempt, ${attempt}) WHERE migration = ${name}`,
      );
      // An owner's fence is down: taking back a move must not wait for the very writer that kept it from going up.
      if (before[0] === 'owner') return;
      await session.run(`UPDATE strangler_fence SET raised = FALSE WHERE migration = ${name}`);
    }),
  );
}

/** From now on this side takes changes of `epoch`; every older applier is refused. */
export async function becomeFollower(
  server: Server,
  migration: string,
  epoch: bigint,
  owner: string,
): Promise<void> {
  await using(server, (session) =>
    transaction(session, async () => {
      const [done] = await session.run(
        `UPDATE strangler_side SET role = 'follower', owner = ${literal(owner)}, epoch = ${epoch},
         attempt = GREATEST(attempt, ${epoch})
         WHERE migration = ${literal(migration)} AND epoch <= ${epoch} AND role IN ('fenced', 'follower')`,
      );
      if (done?.affectedRows !== 1) {
        await refuseStale(server, session, migration, `a fenced side up to epoch ${epoch}`);
      }
    }),
  );
}

/** What this side believes about the migration; null when nothing is installed. */
export async function sideState(server: Server, migration: string): Promise<SideState | null> {
  try {
    const [row] = await query(
      server,
      `SELECT role, epoch, attempt, position FROM strangler_side WHERE migration = ${literal(migration)}`,
    );
    if (!row) return null;
    const [role, epoch, attempt, position] = row;
    return {
      role: role as SideState['role'],
      epoch: BigInt(epoch ?? 0),
      attempt: BigInt(attempt ?? 0),
      position: position ?? '',
    };
  } catch (error) {
    if (errorNumber(error) === ER.NO_SUCH_TABLE) return null;
    throw error;
  }
}

async function refuseStale(
  server: Server,
  session: Session,
  migration: string,
  wanted: string,
): Promise<never> {
  const [row] = await session.rows(
    `SELECT role, epoch, attempt FROM strangler_side WHERE migration = ${literal(migration)}`,
  );
  if (!row) throw new NotInstalledError(server.label, migration);
  throw new StaleEpochError(
    server.label,
    migration,
    wanted,
    `${row[0]} at epoch ${row[1]}, attempt ${row[2]}`,
  );
}
