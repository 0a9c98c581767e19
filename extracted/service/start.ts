import type { DataSource } from 'typeorm';
import { createApp, type Watchers } from './app.ts';
import { busFromEnvironment } from './events/broker.ts';
import { Bus } from './events/bus.ts';
import type { ServiceName, Takers } from './events/subscriptions.ts';
import { serve } from './http/serve.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { AnyRoutes } from './operations.ts';
import { createTraces } from './traces.ts';

/** What a service holds is given back for so long; then it exits all the same. */
const RELEASE_MS = 5000;

/** What a service is given to work with. */
export interface Surroundings extends Watchers {
  bus: Bus;
}

export interface Service<Name extends ServiceName> {
  name: Name;
  /** Where it listens unless PORT says otherwise. */
  port: number;
  /** Environment variable with the URL of its database, and how such a URL looks. */
  database: { variable: string; example: string };
  open(url: string): Promise<DataSource>;
  routes(database: DataSource, surroundings: Surroundings): AnyRoutes;
  /** What the events of others do here. */
  takers: Takers<Name>;
  /** Work beside the requests, begun once the service listens; gives how it is ended. */
  work?(database: DataSource, surroundings: Surroundings): () => Promise<void>;
}

/** Runs a service until SIGTERM or SIGINT; what keeps it from starting is one line and exit code 1. */
export async function start<Name extends ServiceName>(service: Service<Name>): Promise<void> {
  const { name, port } = service;
  const { variable, example } = service.database;
  const url = process.env[variable];
  if (!url) {
    console.error(`${variable} is not set: ${example} of ${name}.`);
    process.exit(1);
  }
  try {
    const watchers = { log: createLogger(name), metrics: createMetrics(name), traces: createTraces(name) };
    const database = await service.open(url);
    const bus = new Bus(name, database, busFromEnvironment(), watchers);
    const surroundings = { ...watchers, bus };
    const app = createApp(service.routes(database, surroundings), watchers);
    const ending: (() => Promise<void>)[] = [];
    await serve(name, app, Number(process.env.PORT ?? port), async () => {
      // A database that does not answer must not keep a service that has nothing left to do.
      setTimeout(() => process.exit(0), RELEASE_MS).unref();
      for (const end of ending) await end();
      await database.destroy();
      await watchers.traces.close();
    });
    if (service.work) ending.push(service.work(database, surroundings));
    ending.push(bus.start(service.takers));
  } catch (error) {
    console.error(`${name} cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
