import pg from 'pg';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import { Inbox, Outbox } from './events/entities.ts';
import { CreateEventBooks } from './events/schema.ts';

const TIMESTAMPTZ = 1184;

// A Date holds milliseconds and the columns microseconds, so timestamps stay text.
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ ? (text: string) => text : (pg.types.getTypeParser(oid, format) as unknown),
};

/** Connects a service to its PostgreSQL, and creates the tables that are missing, those of its events among them. */
export async function openPostgres(
  service: string,
  url: string,
  { entities, migrations }: { entities: EntitySchema[]; migrations: (new () => MigrationInterface)[] },
): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url,
    entities: [...entities, Outbox, Inbox],
    migrations: [...migrations, CreateEventBooks],
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
    applicationName: service,
    extra: { types, options: '-c TimeZone=UTC' },
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
