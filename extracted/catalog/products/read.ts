import type { Request } from 'express';
import type { DataSource, EntityManager } from 'typeorm';
import { Product, type ProductRow } from '../entities.ts';
import { readId, readQuery } from '../../service/http/input.ts';
import type { Answer } from '../operations.ts';
import { toProductJson, unknownProduct } from './answer.ts';
import { productQuery } from './input.ts';

export async function listProducts(database: DataSource, request: Request): Promise<Answer<'listProducts'>> {
  const { page, size, category, q } = readQuery(request, productQuery);
  const query = database
    .getRepository(Product)
    .createQueryBuilder('p')
    .leftJoinAndSelect('p.stock', 's')
    .orderBy('p.id')
    .offset((page - 1) * size)
    .limit(size);
  if (category !== undefined) query.andWhere('p.categoryId = :category', { category });
  if (q) query.andWhere('(p.name ILIKE :like OR p.sku ILIKE :like)', { like: containing(q) });
  const [rows, total] = await query.getManyAndCount();
  return { status: 200, body: { items: rows.map(toProductJson), page, size, total } };
}

export async function getProduct(database: DataSource, request: Request): Promise<Answer<'getProduct'>> {
  const row = await readProduct(database.manager, readId(request));
  return { status: 200, body: toProductJson(row) };
}

export async function readProduct(manager: EntityManager, id: number): Promise<ProductRow> {
  const row = await manager.findOne(Product, { where: { id }, relations: { stock: true } });
  if (!row) throw unknownProduct(id);
  return row;
}

const containing = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
