import express, { type Express } from 'express';
import type { DataSource } from 'typeorm';
import { answerError, answerUnknownRoute } from '../http/answer-error.ts';
import { authorisationRoutes } from './authorisations.ts';
import { placementRoutes } from './placements.ts';
import { reservationRoutes } from './reservations.ts';

/**
 * The steps of a checkout one by one, for the services that have left the monolith. They listen on a port of their
 * own, which no proxy knows: what reaches the shop's own port can never reach them.
 */
export function createInternalApp(database: DataSource): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  reservationRoutes(app, database);
  authorisationRoutes(app, database);
  placementRoutes(app, database);
  app.use(answerUnknownRoute);
  app.use(answerError);
  return app;
}
