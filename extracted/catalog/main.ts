import { start } from '../service/start.ts';
import { openDatabase } from './database.ts';
import { catalogRoutes } from './routes.ts';
import { countSales } from './sales.ts';

await start({
  name: 'catalog',
  port: 4101,
  database: { variable: 'CATALOG_DATABASE_URL', example: 'postgres://user@host:port/database' },
  open: openDatabase,
  routes: (database, { bus }) => catalogRoutes(database, bus),
  takers: { 'order.placed': countSales, 'order.cancelled': countSales },
});
