import type { SlicedTable } from '../databases/database.ts';
import type { Finding } from '../databases/finding.ts';
import { formOf } from '../mapping/schema.ts';
import type { Side } from './stages.ts';
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
  const sliced = await Promise.all(
    (['monolith', 'service'] as const).map(async (side) => {
      const tables = slicedTables(capability, side);
      return tables.length > 0 ? ground.databases[side].examineSlices(tables) : [];
    }),
  );
  return [...found, ...sliced].flat();
}

/** The tables that are moved in slices, as one side has them. */
function slicedTables({ pairs }: Capability, side: Side): SlicedTable[] {
  return pairs.flatMap(({ from, to, key, columns, slice }) => {
    if (!slice) return [];
    const there = (column: string): string => {
      const mapped = key[column] ?? columns[column];
      return side === 'monolith' || mapped === undefined ? column : formOf(mapped).to;
    };
    const own = { name: side === 'monolith' ? from : to, column: there(slice.column) };
    return [{ ...own, key: Object.keys(key).map(there) }];
  });
}
