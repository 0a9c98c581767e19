import { randomBytes } from 'node:crypto';
import type { ControlStore } from './store.ts';

export const SECRET_SCHEMA = `
CREATE TABLE IF NOT EXISTS strangler_control.secret (name text PRIMARY KEY, value text NOT NULL);`;

/** A random secret that all processes of one control store share; whoever asks first makes it. */
export async function sharedSecret(store: ControlStore, name: string): Promise<string> {
  await store.query('INSERT INTO strangler_control.secret VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    name,
    randomBytes(32).toString('base64url'),
  ]);
  const [row] = await store.query<{ value: string }>(
    'SELECT value FROM strangler_control.secret WHERE name = $1',
    [name],
  );
  if (!row) throw new Error(`the control store has lost the secret "${name}" that it was just given`);
  return row.value;
}
