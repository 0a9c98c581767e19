import { DataSource } from 'typeorm';
import { Payment } from './entities.ts';
import { CreatePayments } from './schema.ts';

/** Connects to the MySQL or MariaDB of the payments, and creates the tables that are missing. */
export async function openDatabase(url: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'mysql',
    url: url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    dateStrings: true,
    entities: [Payment],
    migrations: [CreatePayments],
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
