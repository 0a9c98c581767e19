import { start } from '../service/start.ts';
import { openDatabase } from './database.ts';
import { noteOrder, measureUnpaid } from './orders-to-pay.ts';
import { paymentRoutes } from './routes.ts';

await start({
  name: 'payments',
  port: 4104,
  database: { variable: 'PAYMENTS_DATABASE_URL', example: 'mysql://user@host:port/database' },
  open: openDatabase,
  routes: (database, { bus, metrics }) => {
    measureUnpaid(database, metrics);
    return paymentRoutes(database, bus);
  },
  takers: { 'order.placed': noteOrder, 'order.cancelled': noteOrder },
});
