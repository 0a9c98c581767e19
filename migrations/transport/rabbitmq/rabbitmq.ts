import { setTimeout as pause } from 'node:timers/promises';
import { NotInstalledError, StaleEpochError } from '../../databases/errors.ts';
import type { Stream } from '../../relay/stream.ts';
import type { Transport } from '../transport.ts';
import { Link } from './connect.ts';
import { BrokerError } from './errors.ts';
import type { RabbitmqSettings } from './schema.ts';
import { runSession } from './session.ts';
import { deleteQueues, deleteUnreadable, namesOf } from './topology.ts';

/** Waits before a broker that failed so many times in a row is asked again, in ms; the last one goes for all others. */
const PATIENCE_MS = [0, 500, 1000, 2000, 5000];

/** Over queues of a RabbitMQ. The order of all changes is kept, across the queues too. */
export function rabbitmqTransport(settings: RabbitmqSettings): Transport {
  const failures = new Map<string, number>();
  const left = new Set<string>();
  return {
    async carry(stream, observe, signal, beginRound) {
      const name = `${stream.migration} ${stream.epoch}`;
      const failed = failures.get(name) ?? 0;
      const patience = PATIENCE_MS[Math.min(failed, PATIENCE_MS.length - 1)] ?? 0;
      await pause(patience, undefined, { signal }).catch(() => undefined);
      const onOpen = (): void => void failures.delete(name);
      try {
        await refuseOver(stream);
        while (!signal.aborted) {
          await runSession({ stream, settings, observe, beginRound, onOpen }, signal);
        }
      } catch (error) {
        if (error instanceof BrokerError) failures.set(name, failed + 1);
        throw error;
      } finally {
        if (!left.has(name) && (await isOver(stream))) {
          left.add(name);
          await clearAway(settings, stream);
        }
      }
    },
    close: async () => undefined,
  };
}

/** @throws StaleEpochError, NotInstalledError when the follower does not take changes of this stream any more */
async function refuseOver({ target, migration, epoch }: Stream): Promise<void> {
  const side = await target.sideState(migration);
  if (!side) throw new NotInstalledError(target.label, migration);
  if (side.role === 'follower' && side.epoch === epoch) return;
  const found = `${side.role} at epoch ${side.epoch}`;
  throw new StaleEpochError(target.label, migration, `follower at epoch ${epoch}`, found);
}

/** Whether nothing of this stream can be applied any more; false when the follower cannot be asked. */
async function isOver(stream: Stream): Promise<boolean> {
  try {
    await refuseOver(stream);
    return false;
  } catch (error) {
    return error instanceof StaleEpochError || error instanceof NotInstalledError;
  }
}

/** Deletes the stream's queues. Where that fails they expire. */
async function clearAway(settings: RabbitmqSettings, stream: Stream): Promise<void> {
  try {
    const link = await Link.open(settings.url, `${stream.migration}: clear away`);
    await deleteQueues(link, settings, stream.migration, stream.epoch);
    if (!(await stream.target.sideState(stream.migration))) {
      await deleteUnreadable(link, namesOf(settings, stream.migration, stream.epoch));
    }
    await link.close();
  } catch {
    // The broker is away; there is nobody left to whom it matters.
  }
}
