/** Everything that can go wrong with a database in a way that a person can act on. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

/** There is no connection, or there is none any more: then nobody knows what became of the statement. */
export class UnreachableDatabaseError extends DatabaseError {
  override name = 'UnreachableDatabaseError';
  constructor(
    label: string,
    where: string,
    cause: unknown,
    had: 'no connection' | 'a connection' = 'no connection',
  ) {
    const [what, advice] = ADVICE[had];
    super(`${label}: the database at ${where} ${what}: ${reasonOf(cause)}; ${advice}`, { cause });
  }
}

const ADVICE = {
  'no connection': [
    'cannot be reached',
    'see that the server runs and takes connections there, and that the URL, its user and the network are right',
  ],
  'a connection': [
    'broke the connection',
    'see that the server runs and who ended it or what is between; a sync goes on by itself, a command has to be given again',
  ],
} as const;

/** Connections are made, or were, and nothing is answered on them. */
export class SilentDatabaseError extends DatabaseError {
  override name = 'SilentDatabaseError';
  constructor(what: string, waitedFor: readonly string[], ms: number) {
    const who = waitedFor.length > 0 ? `no answer from the database of ${waitedFor.join(', ')}` : 'no end';
    super(
      `${what}: ${who} within ${ms / 1000} s; see what it is busy with, or whether the network drops what it says`,
    );
  }
}

export class UnknownTableError extends DatabaseError {
  override name = 'UnknownTableError';
  constructor(label: string, table: string) {
    super(`${label}: there is no table "${table}"; check the name in strangler.yaml and the user's rights`);
  }
}

/** `ON CONFLICT` needs a key that speaks at once. */
export class DeferrableKeyError extends DatabaseError {
  override name = 'DeferrableKeyError';
  constructor(label: string, table: string) {
    super(
      `${label}: the primary key of "${table}" is DEFERRABLE, and rows cannot be followed by it; ` +
        'drop it and add it again as NOT DEFERRABLE',
    );
  }
}

export class FenceTimeoutError extends DatabaseError {
  override name = 'FenceTimeoutError';
  constructor(label: string, tables: readonly string[], ms: number) {
    super(
      `${label}: writers to ${tables.join(', ')} did not end within ${ms} ms, so the fence was not raised; ` +
        'find the long transaction (pg_stat_activity, SHOW PROCESSLIST) and try again',
    );
  }
}

/** A table's counter could not be raised above the keys that the other side has given out. */
export class IdentityTimeoutError extends DatabaseError {
  override name = 'IdentityTimeoutError';
  constructor(label: string, table: string, next: bigint, seconds: number) {
    super(
      `${label}: AUTO_INCREMENT of table "${table}" could not be raised to ${next}: an open transaction uses the ` +
        `table, and did not end within ${seconds} s; find it (SHOW PROCESSLIST, information_schema.innodb_trx), end it ` +
        'and try again',
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

/** A change of some columns of a row that is not there (yet): it waits, parked, until the row is. */
export class PartWithoutRowError extends DatabaseError {
  override name = 'PartWithoutRowError';
  constructor({ name, entry }: { name: string; entry: string }) {
    super(`the row of ${name} that this change of ${entry} belongs to is not there`);
  }
}

/** Two rows that have nothing to do with each other have one key: the one must not be written over the other. */
export class ForeignRowError extends DatabaseError {
  override name = 'ForeignRowError';
  constructor({ name, only }: { name: string; only?: readonly { column: string }[] }) {
    const columns = (only ?? []).map(({ column }) => `"${column}"`).join(', ');
    super(
      `${name} has a row with this key that is not part of the migration, as its ${columns} tells; ` +
        'it is left as it is: give one of the two another key',
    );
  }
}

/** The database cannot capture from its log as it is set up; nothing was begun. */
export class CaptureUnavailableError extends DatabaseError {
  override name = 'CaptureUnavailableError';
  constructor(label: string, why: string, advice: string) {
    super(
      `${label}: changes cannot be captured by replication: ${why}; ${advice}, or use \`capture: trigger\``,
    );
  }
}

/** Changes were committed that can never be read: whoever goes on loses them. */
export class CaptureLostError extends DatabaseError {
  override name = 'CaptureLostError';
  constructor(label: string, migration: string, why: string) {
    super(
      `${label}: changes of migration "${migration}" are missing: ${why}. ` +
        'Roll back to legacy, empty the tables that follow, and `strangler sync` anew',
    );
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
