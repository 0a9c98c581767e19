import type { DataSource } from 'typeorm';
import { openPostgres } from '../service/postgres.ts';
import { Cart, CartLine } from './entities.ts';
import { CreateCarts } from './schema.ts';

export const openDatabase = (url: string): Promise<DataSource> =>
  openPostgres('cart', url, { entities: [Cart, CartLine], migrations: [CreateCarts] });
