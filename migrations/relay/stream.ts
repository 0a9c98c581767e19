import type { Database } from '../databases/database.ts';
import type { DirectionMapping } from '../mapping/mapping.ts';

/** Changes of one migration on their way from its owner to its follower, during one epoch. */
export interface Stream {
  migration: string;
  epoch: bigint;
  source: Database;
  target: Database;
  mapping: DirectionMapping;
}
