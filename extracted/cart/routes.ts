import type { DataSource } from 'typeorm';
import type { Bus } from '../service/events/bus.ts';
import { healthRoutes } from '../service/health.ts';
import { getCart } from './carts/read.ts';
import { addCartLine, changeCartLine, createCart, removeCartLine } from './carts/write.ts';
import { checkOut } from './checkout/check-out.ts';
import type { Saga } from './checkout/saga.ts';
import type { Routes } from './operations.ts';
import type { Shop } from './shop.ts';

/** openapi.yaml, path by path; its type says when one is missing. */
export function cartRoutes(database: DataSource, bus: Bus, shop: Shop, saga: Saga): Routes {
  return {
    ...healthRoutes(database, bus),
    '/api/carts': { post: (request) => createCart(database, shop, request) },
    '/api/carts/{id}': { get: (request) => getCart(database, shop, request) },
    '/api/carts/{id}/lines': { post: (request) => addCartLine(database, shop, request) },
    '/api/carts/{id}/lines/{lineId}': {
      put: (request) => changeCartLine(database, shop, request),
      delete: (request) => removeCartLine(database, shop, request),
    },
    '/api/carts/{id}/checkout': { post: (request) => checkOut(database, saga, request) },
  };
}
