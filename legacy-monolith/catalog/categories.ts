import type { Express } from 'express';
import type { DataSource } from 'typeorm';
import { Category } from './entities.ts';

export function categoryRoutes(app: Express, database: DataSource): void {
  app.get('/api/categories', async (_request, response) => {
    const rows = await database.getRepository(Category).find({ order: { catId: 'ASC' } });
    response.json({
      items: rows.map(({ catId, catNm, parntId }) => ({ id: catId, name: catNm, parentId: parntId })),
    });
  });
}
