/** Everything that can go wrong with a database in a way that a person can act on. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

export class UnreachableDatabaseError extends DatabaseError {
  override name = 'UnreachableDatabaseError';
  constructor(label: string, where: string, cause: unknown) {
    super(`${label}: the database at ${where} cannot be reached: ${reasonOf(cause)}`, { cause });
  }
}

export class UnknownTableError extends DatabaseError {
  override name = 'UnknownTableError';
  constructor(label: string, table: string) {
    super(`${label}: there is no table "${table}"; check the name in strangler.yaml and the user's rights`);
  }
}

export class FenceTimeoutError extends DatabaseError {
  override name = 'FenceTimeoutError';
  constructor(label: string, tables: readonly string[], ms: number) {
    super(
      `${label}: writers to ${tables.join(', ')} did not end within ${ms} ms, so the fence was not raised; ` +
        'find the long transaction (pg_stat_activity) and try again',
    );
  }
}

export class StaleEpochError extends DatabaseError {
  override name = 'StaleEpochError';
  constructor(label: string, migration: string, wanted: string, found: string) {
    super(`${label}: migration "${migration}" moved on: wanted ${wanted}, found ${found}`);
  }
}

export class NotInstalledError extends DatabaseError {
  override name = 'NotInstalledError';
  constructor(label: string, migration: string) {
    super(`${label}: nothing is installed for migration "${migration}"; start it with \`strangler sync\``);
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
