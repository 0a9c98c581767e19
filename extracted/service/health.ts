import type { DataSource } from 'typeorm';

interface Well {
  status: 200;
  body: { status: 'ok' };
}

/** Alive is whether the process answers; ready, whether its database does too. */
export const healthRoutes = (database: DataSource) => ({
  '/health': { get: async (): Promise<Well> => ({ status: 200, body: { status: 'ok' } }) },
  '/ready': {
    get: async (): Promise<Well> => {
      await database.query('SELECT 1');
      return { status: 200, body: { status: 'ok' } };
    },
  },
});
