import type { DataSource } from 'typeorm';
import type { Bus, EventsState } from './events/bus.ts';

interface Well<Body> {
  status: 200;
  body: { status: 'ok' } & Body;
}

/**
 * Alive is whether the process answers; ready, whether its database does too. A broker that is away is only told:
 * requests are answered without it, and events wait.
 */
export const healthRoutes = (database: DataSource, bus: Bus) => ({
  '/health': { get: async (): Promise<Well<object>> => ({ status: 200, body: { status: 'ok' } }) },
  '/ready': {
    get: async (): Promise<Well<{ events: EventsState }>> => {
      await database.query('SELECT 1');
      return { status: 200, body: { status: 'ok', events: await bus.state() } };
    },
  },
});
