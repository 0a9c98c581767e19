import { createDatabaseOf, dropMysqlDatabases, openSql } from '../../../migrations/testing/databases.ts';
import { createScratchDatabase, rowsOf } from './scratch-database.ts';

export interface TestDatabase {
  url: string;
  /** Runs statements, and gives the rows of the last one; MySQL's values are texts. */
  rows: <Row>(sql: string) => Promise<Row[]>;
  drop: () => Promise<void>;
}

/** An empty database of its own for one test. */
export async function createTestDatabase(dialect: 'postgres' | 'mysql'): Promise<TestDatabase> {
  if (dialect === 'postgres') {
    const { url, drop } = await createScratchDatabase();
    return { url, drop, rows: (sql) => rowsOf(url, sql) };
  }
  const url = await createDatabaseOf('mysql', '');
  return {
    url,
    drop: dropMysqlDatabases,
    rows: async <Row>(sql: string) => {
      const session = await openSql(url);
      try {
        return (await session.sql(sql)) as Row[];
      } finally {
        await session.end();
      }
    },
  };
}

/** Holds the lock of a statement until it is let go. */
export async function holdLock(url: string, statement: string): Promise<() => Promise<void>> {
  const session = await openSql(url);
  await session.sql('BEGIN');
  await session.sql(statement);
  return async () => {
    await session.sql('COMMIT');
    await session.end();
  };
}
