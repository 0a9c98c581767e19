import type { DataSource } from 'typeorm';
import type { Bus } from '../service/events/bus.ts';
import { healthRoutes } from '../service/health.ts';
import { cancelOrder } from './cancel.ts';
import type { Routes } from './operations.ts';
import { placeOrder, withdrawPlacement } from './placements.ts';
import { getOrder, listOrders } from './read.ts';
import type { Refunds } from './refunds.ts';

/** openapi.yaml, path by path; its type says when one is missing. */
export function orderRoutes(database: DataSource, bus: Bus, refunds: Refunds): Routes {
  return {
    ...healthRoutes(database, bus),
    '/api/orders': { get: (request) => listOrders(database, request) },
    '/api/orders/{id}': { get: (request) => getOrder(database, request) },
    '/api/orders/{id}/cancel': { post: (request) => cancelOrder(database, refunds, request) },
    '/internal/placements/{reference}': {
      put: (request) => placeOrder(database, request),
      delete: (request) => withdrawPlacement(database, request),
    },
  };
}
