import pg from 'pg';
import { DataSource } from 'typeorm';
import { Category, Product, StockMovement } from './catalog/entities.ts';
import { Customer } from './customers/entity.ts';
import { Payment } from './payments/entity.ts';
import { PartCapabilities } from './internal/schema.ts';
import { AddPages } from './pages/schema.ts';
import { CreateShop } from './schema.ts';

const TIMESTAMPTZ = 1184;

// A Date holds milliseconds and the columns microseconds, so timestamps stay text.
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === TIMESTAMPTZ ? (text: string) => text : (pg.types.getTypeParser(oid, format) as unknown),
};

/** Connects to the shop's database and creates the tables that are missing. */
export async function openDatabase(url: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url,
    entities: [Category, Product, StockMovement, Customer, Payment],
    migrations: [CreateShop, PartCapabilities, AddPages],
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
    applicationName: 'legacy-monolith',
    extra: { types, options: '-c TimeZone=UTC' },
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
