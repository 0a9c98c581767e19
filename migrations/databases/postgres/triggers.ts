import type { SourceTable } from '../database.ts';
import { captureFunctionSql, functionName } from './capture-function.ts';
import { fitting, ident, literal, tableIdent } from './identifiers.ts';
import { isReplicated } from './slot/slot.ts';
import type { Partition, Partitioned } from './partitions.ts';
import type { Shape } from './shape.ts';

/** Sorts before every name an application would choose: a trigger of its own that writes the row again comes after. */
export const CAPTURE = '!strangler_capture';
export const FENCE = 'strangler_fence';
const CAPTURE_TRUNCATE = '!strangler_truncate';
const ANNOUNCE_TRUNCATE = '!strangler_truncating';
export const FENCE_TRUNCATE = 'strangler_fence_truncate';

const TRIGGERS = [CAPTURE, CAPTURE_TRUNCATE, ANNOUNCE_TRUNCATE, FENCE, FENCE_TRUNCATE];

/** Several slices share a table: there each has triggers of its own, named after its migration. */
export const ofSlice = (trigger: string, migration: string): string => fitting(`${trigger} ${migration}`);

/**
 * Capture and fence of one table. ALWAYS: sessions that replay somebody else's replication
 * (`session_replication_role`) are writers too.
 *
 * The applier of the migration says so for its transaction; a setting that was set once reads '' afterwards, not
 * NULL. What it does to the tables of another migration (by a cascade, say) is a write like any other there. The
 * functions ask that themselves: every statement pays for each WHEN of its table, also of triggers that do not fire.
 * Only the rows' fence has one, because it stands in the way of each row that is applied.
 */
export function triggersSql(
  migration: string,
  table: SourceTable,
  shape: Shape,
  tree: Partitioned,
  fenced: boolean,
): string {
  const on = tableIdent(table.name);
  const { slice } = table;
  const named = (trigger: string): string => ident(slice ? ofSlice(trigger, migration) : trigger);
  const owned = [migration, ...(slice ? [slice.column, JSON.stringify(slice.values)] : [])];
  const refusing = `strangler.refuse_write(${owned.map(literal).join(', ')})`;
  const isForeign = `current_setting('strangler.origin', true) IS DISTINCT FROM ${literal(migration)}`;
  const byLog = isReplicated(table);
  const capture = `CREATE TRIGGER ${named(CAPTURE)} AFTER INSERT OR UPDATE OR DELETE ON ${on}
  FOR EACH ROW EXECUTE FUNCTION ${functionName(table.name, slice ? migration : null)}();`;
  return `
${captureFunctionSql(migration, table, shape)}
${byLog ? '' : capture}
CREATE TRIGGER ${named(CAPTURE_TRUNCATE)} AFTER TRUNCATE ON ${on}
  FOR EACH STATEMENT
  EXECUTE FUNCTION strangler.capture_truncate(${literal(migration)}, ${literal(table.name)}${byLog ? ", 'by log'" : ''});
CREATE TRIGGER ${named(ANNOUNCE_TRUNCATE)} BEFORE TRUNCATE ON ${on}
  FOR EACH STATEMENT EXECUTE FUNCTION strangler.capture_truncate(${literal(migration)}, ${literal(table.name)});
CREATE TRIGGER ${named(FENCE)} BEFORE INSERT OR UPDATE OR DELETE ON ${on}
  FOR EACH ROW WHEN (${isForeign}) EXECUTE FUNCTION ${refusing};
CREATE TRIGGER ${named(FENCE_TRUNCATE)} BEFORE TRUNCATE ON ${on}
  FOR EACH STATEMENT EXECUTE FUNCTION ${refusing};
${[CAPTURE_TRUNCATE, ANNOUNCE_TRUNCATE].map((name) => `ALTER TABLE ${on} ENABLE ALWAYS TRIGGER ${named(name)};`).join('\n')}
${fenceSql(migration, { ...tree, hasCapture: !byLog, isSliced: slice !== undefined }, fenced)}`;
}

/**
 * Switches the fence of a table; the caller's transaction holds the lock. Behind a fence nobody writes but the applier,
 * whose writes are not captured: there the capture rests, which would be called for each row to find that out. One
 * transaction switches both, so there is no moment without the one and the other.
 */
export function fenceSql(migration: string, tree: Partitioned, raised: boolean): string {
  const how = raised ? 'ENABLE ALWAYS' : 'DISABLE';
  const named = (trigger: string): string => ident(tree.isSliced ? ofSlice(trigger, migration) : trigger);
  const unguarded = tree.partitions.filter((partition) => !partition.isGuarded);
  return [
    ...unguarded.map((partition) => partitionSql(migration, tree.name, partition)),
    ...[FENCE, FENCE_TRUNCATE].map((t) => `ALTER TABLE ${tableIdent(tree.name)} ${how} TRIGGER ${named(t)};`),
    ...(tree.hasCapture
      ? [
          `ALTER TABLE ${tableIdent(tree.name)} ${raised ? 'DISABLE' : 'ENABLE ALWAYS'} TRIGGER ${named(CAPTURE)};`,
        ]
      : []),
    ...tree.partitions.map(({ on }) => `ALTER TABLE ${on} ${how} TRIGGER ${FENCE_TRUNCATE};`),
  ].join('\n');
}

/** Drops what is left on a table or partition of a migration. What a partition has from its table goes with that. */
export function dropTriggersSql(on: string, migration: string): string {
  return TRIGGERS.flatMap((trigger) => [trigger, ofSlice(trigger, migration)])
    .map((trigger) => `DROP TRIGGER IF EXISTS ${ident(trigger)} ON ${on};`)
    .join('\n');
}

/**
 * Row triggers come to partitions by themselves, statement triggers do not. A partition that is truncated alone is a
 * delete of each of its rows; where the whole table is, its own trigger has said so and the partitions are silent.
 */
function partitionSql(migration: string, table: string, { on, isLeaf }: Partition): string {
  const capture = `CREATE TRIGGER ${ident(CAPTURE_TRUNCATE)} BEFORE TRUNCATE ON ${on}
  FOR EACH STATEMENT EXECUTE FUNCTION ${functionName(table)}();
ALTER TABLE ${on} ENABLE ALWAYS TRIGGER ${ident(CAPTURE_TRUNCATE)};`;
  return `${isLeaf ? capture : ''}
CREATE TRIGGER ${FENCE_TRUNCATE} BEFORE TRUNCATE ON ${on}
  FOR EACH STATEMENT EXECUTE FUNCTION strangler.refuse_write(${literal(migration)});`;
}
