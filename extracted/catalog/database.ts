import pg from 'pg';
import { DataSource } from 'typeorm';
import { Category, Product, StockLevel, StockMovement } from './entities.ts';
import { CreateCatalog } from './schema.ts';

const TIMESTAMPTZ = 1184;

// A Date holds milliseconds and the columns microseconds, so timestamps stay text.
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ ? (text: string) => text : (pg.types.getTypeParser(oid, format) as unknown),
};

/** Connects to the catalog's database and creates the tables that are missing. */
export async function openDatabase(url: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url,
    entities: [Category, Product, StockLevel, StockMovement],
    migrations: [CreateCatalog],
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
    applicationName: 'catalog',
    extra: { types, options: '-c TimeZone=UTC' },
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
