import type { DataSource } from 'typeorm';
import { openPostgres } from '../service/postgres.ts';
import { CustomerOrder, OrderLine } from './entities.ts';
import { AddPaymentEvents, CreateOrders } from './schema.ts';

export const openDatabase = (url: string): Promise<DataSource> =>
  openPostgres('orders', url, {
    entities: [CustomerOrder, OrderLine],
    migrations: [CreateOrders, AddPaymentEvents],
  });
