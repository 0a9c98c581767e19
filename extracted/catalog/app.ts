import express, { type Express } from 'express';
import type { DataSource } from 'typeorm';
import { answerError, answerUnknownRoute } from './http/answer-error.ts';
import { type Method, sending } from './operations.ts';
import { catalogRoutes } from './routes.ts';

export function createApp(database: DataSource): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  for (const [path, handlers] of Object.entries(catalogRoutes(database))) {
    for (const [method, handler] of Object.entries(handlers)) {
      app[method as Method](path.replace(/\{(\w+)\}/g, ':$1'), sending(handler));
    }
  }
  app.use(answerUnknownRoute);
  app.use(answerError);
  return app;
}
