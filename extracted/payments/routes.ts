import type { DataSource } from 'typeorm';
import type { Bus } from '../service/events/bus.ts';
import { healthRoutes } from '../service/health.ts';
import { authorise, capture, refundOrder, voidAuthorisation } from './authorisations.ts';
import type { Routes } from './operations.ts';
import { getPayment, listPayments, refundPayment } from './payments.ts';

/** openapi.yaml, path by path; its type says when one is missing. */
export function paymentRoutes(database: DataSource, bus: Bus): Routes {
  return {
    ...healthRoutes(database, bus),
    '/api/payments': { get: (request) => listPayments(database, request) },
    '/api/payments/{id}': { get: (request) => getPayment(database, request) },
    '/api/payments/{id}/refund': { post: (request) => refundPayment(database, request) },
    '/internal/authorisations/{reference}': { put: (request) => authorise(database, request) },
    '/internal/authorisations/{reference}/capture': { post: (request) => capture(database, request) },
    '/internal/authorisations/{reference}/void': { post: (request) => voidAuthorisation(database, request) },
    '/internal/refunds': { post: (request) => refundOrder(database, request) },
  };
}
