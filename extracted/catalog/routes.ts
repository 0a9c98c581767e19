import type { DataSource } from 'typeorm';
import type { Bus } from '../service/events/bus.ts';
import { healthRoutes } from '../service/health.ts';
import { listCategories } from './categories.ts';
import type { Routes } from './operations.ts';
import { deleteProduct } from './products/delete.ts';
import { getProduct, listProducts } from './products/read.ts';
import { changePrice, createProduct, updateProduct } from './products/write.ts';
import { releaseStock, reserveStock } from './reservations.ts';
import { getSales } from './sales.ts';
import { bookStockMovement, getStock, listStockMovements } from './stock.ts';

/** openapi.yaml, path by path; its type says when one is missing. */
export function catalogRoutes(database: DataSource, bus: Bus): Routes {
  return {
    ...healthRoutes(database, bus),
    '/api/categories': { get: () => listCategories(database) },
    '/api/products': {
      get: (request) => listProducts(database, request),
      post: (request) => createProduct(database, request),
    },
    '/api/products/{id}': {
      get: (request) => getProduct(database, request),
      put: (request) => updateProduct(database, request),
      delete: (request) => deleteProduct(database, request),
    },
    '/api/products/{id}/price': { patch: (request) => changePrice(database, request) },
    '/api/products/{id}/sales': { get: (request) => getSales(database, request) },
    '/api/products/{id}/stock': { get: (request) => getStock(database, request) },
    '/api/products/{id}/stock-movements': {
      get: (request) => listStockMovements(database, request),
      post: (request) => bookStockMovement(database, request),
    },
    '/internal/reservations/{reference}': { put: (request) => reserveStock(database, request) },
    '/internal/reservations/{reference}/release': { post: (request) => releaseStock(database, request) },
  };
}
