import type { Request } from 'express';
import { ControlError, type MigrationStatus } from '../lifecycle.ts';

/** The migration that the path names. */
export function nameIn(request: Request): string {
  return String(request.params['migration']);
}

/** The one of this name. */
export function find(all: MigrationStatus[], name: string): MigrationStatus {
  const found = all.find((migration) => migration.name === name);
  if (found) return found;
  const known = all.map((migration) => migration.name).join(', ') || 'none';
  throw new ControlError(
    'unknown-migration',
    `There is no migration ${JSON.stringify(name)}; there are: ${known}.`,
  );
}
