import type { Config } from '../config/read.ts';
import { carriedBy, groupIn } from '../config/together.ts';

/**
 * How far the sync is for each migration: as far as the slowest of its group, for a table that several share is kept in step
 * by one of them.
 *
 * @param applied by migration; without those that have no stream
 */
export function slowestOfGroups(config: Config, applied: ReadonlyMap<string, number>): Map<string, number> {
  const slowest = new Map(applied);
  for (const name of Object.keys(config.migrations)) {
    const carriers = groupIn(config, name).filter((each) => carriedBy(config, each).length > 0);
    if (carriers.length === 0) continue;
    slowest.set(name, Math.min(...carriers.map((each) => applied.get(each) ?? -1)));
  }
  return slowest;
}
