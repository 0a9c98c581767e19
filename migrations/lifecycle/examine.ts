import type { Finding } from '../databases/finding.ts';
import type { Capability } from './capability.ts';
import { groundOf } from './capability.ts';

/**
 * Looks in both databases of a capability for what stands in the way of a sync, or might.
 *
 * @throws UnreachableDatabaseError
 */
export async function examine(capability: Capability): Promise<Finding[]> {
  const ground = groundOf(capability);
  if (!ground) return [];
  const found = await Promise.all(
    (['monolith', 'service'] as const).map((side) => {
      const replicated = capability.pairs
        .filter((pair) => pair.capture[side] === 'replication')
        .map((pair) => (side === 'monolith' ? pair.from : pair.to));
      return ground.databases[side].examine({ tables: ground.tables[side], replicated });
    }),
  );
  return found.flat();
}
