import { type EntityManager, LessThan } from 'typeorm';
import { Inbox } from './entities.ts';
import type { ShopEvent } from './event.ts';

const NONE_YET = '';

/**
 * Takes an event once: false when it, or a newer one of its subject, was taken before. The row stays locked until the
 * caller's transaction ends, whose other work is the event's effect.
 */
export async function take(manager: EntityManager, event: ShopEvent): Promise<boolean> {
  const subject = `${event.source} ${event.partitionkey}`;
  const { sequence, id: eventId } = event;
  const none = { subject, sequence: NONE_YET, eventId };
  await manager.createQueryBuilder().insert().into(Inbox).values(none).orIgnore().execute();
  const older = { subject, sequence: LessThan(sequence) };
  const { affected } = await manager.update(Inbox, older, { sequence, eventId });
  return affected === 1;
}
