import type { DataSource } from 'typeorm';
import { openPostgres } from '../service/postgres.ts';
import { Category, Product, StockLevel, StockMovement } from './entities.ts';
import { AddReservations, AddSales, CreateCatalog } from './schema.ts';

export const openDatabase = (url: string): Promise<DataSource> =>
  openPostgres('catalog', url, {
    entities: [Category, Product, StockLevel, StockMovement],
    migrations: [CreateCatalog, AddReservations, AddSales],
  });
