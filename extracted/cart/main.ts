import { placesFrom } from '../service/places.ts';
import { start } from '../service/start.ts';
import { dropProduct } from './carts/drop.ts';
import { CheckoutWorker } from './checkout/worker.ts';
import { Saga } from './checkout/saga.ts';
import { openDatabase } from './database.ts';
import { cartRoutes } from './routes.ts';
import { Shop } from './shop.ts';

const shop = new Shop(process.env.SHOP_URL ?? 'http://127.0.0.1:8080');
let saga: Saga;

await start({
  name: 'cart',
  port: 4102,
  database: { variable: 'CART_DATABASE_URL', example: 'postgres://user@host:port/database' },
  open: openDatabase,
  routes: (database, { bus }) => {
    saga = new Saga(database, {
      stock: placesFrom('CATALOG_PLACES', 'http://127.0.0.1:4010,http://127.0.0.1:4101'),
      orders: placesFrom('ORDERS_PLACES', 'http://127.0.0.1:4010,http://127.0.0.1:4103'),
      payments: placesFrom('PAYMENTS_PLACES', 'http://127.0.0.1:4010,http://127.0.0.1:4104'),
    });
    return cartRoutes(database, bus, shop, saga);
  },
  takers: { 'product.deleted': dropProduct },
  work: (database, { log }) => new CheckoutWorker(database, saga, log).start(),
});
