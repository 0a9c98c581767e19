import { placesFrom } from '../service/places.ts';
import { start } from '../service/start.ts';
import { openDatabase } from './database.ts';
import { recordPayment } from './record-payment.ts';
import { Refunds } from './refunds.ts';
import { orderRoutes } from './routes.ts';

let refunds: Refunds;

await start({
  name: 'orders',
  port: 4103,
  database: { variable: 'ORDERS_DATABASE_URL', example: 'postgres://user@host:port/database' },
  open: openDatabase,
  routes: (database, { bus, log }) => {
    const payments = placesFrom('PAYMENTS_PLACES', 'http://127.0.0.1:4010,http://127.0.0.1:4104');
    refunds = new Refunds(database, payments, log);
    return orderRoutes(database, bus, refunds);
  },
  takers: { 'payment.captured': recordPayment, 'payment.refunded': recordPayment },
  work: () => refunds.start(),
});
