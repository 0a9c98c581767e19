import { randomUUID } from 'node:crypto';
import { type DataSource, type EntityManager, In, LessThanOrEqual } from 'typeorm';
import { Outbox, type OutboxRow } from './entities.ts';
import type { EventName, Told } from './event.ts';

/**
 * Tells what happened, in the transaction in which it happens. The caller holds the lock of the subject's row by then:
 * so the numbers of one subject's events grow in the order in which they become visible.
 *
 * @param id of the subject among those of its kind
 */
export async function tell<Name extends EventName>(
  manager: EntityManager,
  name: Name,
  id: number | string,
  data: Told[Name],
): Promise<void> {
  const subject = `${name.split('.')[0]}/${id}`;
  const time = new Date().toISOString();
  await manager.insert(Outbox, { eventId: randomUUID(), name, subject, time, data });
}

/** The oldest events that wait. */
export const nextWaiting = (database: DataSource, atMost: number): Promise<OutboxRow[]> =>
  database.manager.find(Outbox, { order: { id: 'ASC' }, take: atMost });

/** Strikes out what the broker has. */
export async function strikeOut(database: DataSource, rows: readonly OutboxRow[]): Promise<void> {
  await database.manager.delete(Outbox, { id: In(rows.map(({ id }) => id)) });
}

export interface Waiting {
  waiting: number;
  /** Age of the oldest event, in seconds; 0 when none waits. */
  oldestSeconds: number;
}

export async function countWaiting(database: DataSource): Promise<Waiting> {
  const waiting = await database.manager.count(Outbox);
  const [oldest] = await nextWaiting(database, 1);
  const age = oldest ? (Date.now() - Date.parse(oldest.time)) / 1000 : 0;
  return { waiting, oldestSeconds: Math.max(0, age) };
}

/**
 * Deletes all events but the newest `kept`: for a service that has no broker, whose outbox would grow for ever.
 *
 * @returns how many were deleted
 */
export async function trim(database: DataSource, kept: number): Promise<number> {
  const [last] = await database.manager.find(Outbox, { order: { id: 'DESC' }, skip: kept, take: 1 });
  if (!last) return 0;
  const { affected } = await database.manager.delete(Outbox, { id: LessThanOrEqual(last.id) });
  return affected ?? 0;
}
