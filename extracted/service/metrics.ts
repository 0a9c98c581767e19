import type { Request, RequestHandler } from 'express';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export interface Measured {
  /** Times each request, by its route in openapi.yaml and its status. */
  measure: RequestHandler;
  answer: RequestHandler;
  /** For what a service measures beside its requests. */
  registry: Registry;
}

export function createMetrics(name: string): Measured {
  const registry = new Registry();
  registry.setDefaultLabels({ service: name });
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  return {
    registry,
    measure: (request, response, next) => {
      const end = duration.startTimer();
      response.once('finish', () =>
        end({ method: request.method, route: routeOf(request), status: response.statusCode }),
      );
      next();
    },
    answer: async (_request, response) => {
      response.type(registry.contentType).send(await registry.metrics());
    },
  };
}

/** The operation's path with its parameters by name; paths that nobody serves are one. */
export function routeOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: string };
  return path ?? 'none';
}
