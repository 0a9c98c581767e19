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
import { pages } from './pages/routes.ts';
import { paymentRoutes } from './payments/routes.ts';

/** @param shopUrl where the pages ask the shop's API; this application itself when left out */
export function createApp(database: DataSource, shopUrl?: string): Express {
  const app = express();
  app.disable('x-powered-by');
  // The proxy stands on the same machine, and says whether the visitor came by HTTPS.
  app.set('trust proxy', 'loopback');
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
  app.use('/shop', pages(database, shopUrl));
  app.use(answerUnknownRoute);
  app.use(answerError);
  return app;
}
