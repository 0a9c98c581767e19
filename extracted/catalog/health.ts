import type { DataSource } from 'typeorm';
import type { Answer } from './operations.ts';

/** Alive is whether the process answers; ready, whether its database does too. */
export async function getHealth(): Promise<Answer<'getHealth'>> {
  return { status: 200, body: { status: 'ok' } };
}

export async function getReadiness(database: DataSource): Promise<Answer<'getReadiness'>> {
  await database.query('SELECT 1');
  return { status: 200, body: { status: 'ok' } };
}
