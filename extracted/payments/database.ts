import { DataSource } from 'typeorm';
import { Inbox, Outbox } from '../service/events/entities.ts';
import { CreateEventBooks } from '../service/events/schema.ts';
import { Payment } from './entities.ts';
import { AddOrdersToPay, CreatePayments } from './schema.ts';

/** Connects to the MySQL or MariaDB of the payments, and creates the tables that are missing. */
export async function openDatabase(url: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'mysql',
    url: url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    dateStrings: true,
    entities: [Payment, Outbox, Inbox],
    migrations: [CreatePayments, CreateEventBooks, AddOrdersToPay],
    migrationsTableName: 'typeorm_migrations',
    poolSize: 10,
  });
  await database.initialize();
  await database.runMigrations();
  return database;
}
