import { takeoverOf } from '../../../proxy/dashboard/facts/takeover.ts';
import { unitsOf } from '../../../proxy/dashboard/facts/together.ts';
import { backfillInWords, list, percent } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';

type Migration = Schemas['MigrationStatus'];

/** What the overview says besides a line for each migration: how far it is, what moves together, what is copied. */
export function wholeInWords(migrations: Migration[]): string[] {
  const { routes, writes } = takeoverOf(migrations);
  const share = (of: { percent: number | null }): string => percent(of.percent ?? 0);
  const taken = `The services answer ${share(routes)} of the routes, and ${share(writes)} of those that write.`;
  const together = unitsOf(migrations).flatMap(({ members, isApart }) =>
    members.length < 2 ? [] : [togetherInWords(members, isApart)],
  );
  const copied = migrations.flatMap(({ name, sync }) =>
    (sync?.backfill ?? []).flatMap((one) =>
      one.done ? [] : [`${name}: backfill of ${backfillInWords(one)}`],
    ),
  );
  return [...(routes.total > 0 ? [taken] : []), ...together, ...copied];
}

function togetherInWords(members: readonly Migration[], isApart: boolean): string {
  const names = list(members.map(({ name }) => name));
  return isApart
    ? `${names} move together and are at different stages: none can move.`
    : `${names} move together: a move of one is a move of all.`;
}
