import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

const TIMESTAMPTZ = 1184;

// A Date holds milliseconds and the columns microseconds, so timestamps stay text.
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ ? (text: string) => text : (pg.types.getTypeParser(oid, format) as unknown),
};

/** Connects a service to its PostgreSQL, and creates the tables that are missing. */
export async function openPostgres(
  service: string,
  url: string,
  { entities, migrations }: Required<Pick<DataSourceOptions, 'entities' | 'migrations'>>,
): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
    applicationName: service,
    extra: { types, options: '-c TimeZone=UTC' },
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
