import express, { type Express } from 'express';
import type { DataSource } from 'typeorm';
import { cartRoutes } from './carts/routes.ts';
import { checkoutRoute } from './carts/checkout.ts';
import { categoryRoutes } from './catalog/categories.ts';
import { productRoutes } from './catalog/products.ts';
import { stockRoutes } from './catalog/stock.ts';
import { customerRoutes } from './customers/routes.ts';
import { answerError, answerUnknownRoute } from './http/answer-error.ts';
import { orderRoutes } from './orders/routes.ts';
import { paymentRoutes } from './payments/routes.ts';

export function createApp(database: DataSource): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  app.get('/api/health', async (_request, response) => {
    await database.query('SELECT 1');
    response.json({ status: 'ok' });
  });
  categoryRoutes(app, database);
  productRoutes(app, database);
  stockRoutes(app, database);
  customerRoutes(app, database);
  cartRoutes(app, database);
  checkoutRoute(app, database);
  orderRoutes(app, database);
  paymentRoutes(app, database);
  app.use(answerUnknownRoute);
  app.use(answerError);
  return app;
}
