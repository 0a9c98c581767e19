import type { DataSource } from 'typeorm';
import { Category } from './entities.ts';
import type { Answer } from './operations.ts';

export async function listCategories(database: DataSource): Promise<Answer<'listCategories'>> {
  const rows = await database.getRepository(Category).find({ order: { id: 'ASC' } });
  const items = rows.map(({ id, name, parentId }) => ({ id, name, parentId }));
  return { status: 200, body: { items } };
}
