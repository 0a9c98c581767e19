import type { Change, SourceTable } from '../databases/database.ts';

/** A change without the value of a column that is mapped. */
export class MissingColumnError extends Error {
  override name = 'MissingColumnError';
  constructor(table: string, column: string) {
    super(
      `column "${column}" of ${table} is gone at the owner, so its value is not known; ` +
        'put it back, or roll back to legacy and sync anew',
    );
  }
}

/**
 * The capture leaves a column out of a change that the table has no more: its value is not known, which is not null.
 * Such a change must not be written, or the follower would lose what it has.
 */
export function missingColumn(table: SourceTable, change: Change): MissingColumnError | null {
  const names = change.op === 'upsert' ? table.columns.map(({ name }) => name) : table.key;
  const missing = change.op === 'truncate' ? undefined : names.find((name) => !(name in change.row));
  return missing === undefined ? null : new MissingColumnError(table.name, missing);
}
