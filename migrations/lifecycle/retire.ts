import type { Capability } from './capability.ts';
import { groundOf } from './capability.ts';
import type { RetiredFacts } from './certificate.ts';
import { spacesIn } from '../mapping/key-spaces.ts';
import { KeysInUseError, NotRetiredError } from './errors.ts';
import type { VerifyRecord } from './evidence.ts';
import type { JournalFollower } from './follow.ts';
import type { Order } from './order.ts';
import type { ControlStore } from './store.ts';

/** What is to be remembered of a migration that ends. */
export async function retiredFacts(
  store: ControlStore,
  { name, service, routes = [], pairs }: Capability,
  { keepGuard = false }: Order,
): Promise<RetiredFacts> {
  const report = `verify:${name}`;
  const verify = (await store.reports(report)).get(report)?.value as VerifyRecord | undefined;
  const isCounted = verify?.state === 'done' && !verify.roundTrip;
  const rowsOf = (entry: string): number | null =>
    (isCounted ? verify.entries : undefined)?.find((one) => one.entry === entry)?.ownerRows ?? null;
  return {
    service,
    routes: [...routes],
    tables: pairs.map(({ from, to }) => ({ from, to, rows: rowsOf(`${from} → ${to}`) })),
    countedAt: isCounted ? verify.at : null,
    keptGuard: keepGuard && pairs.length > 0,
  };
}

/** Removes the guard from the tables of a retired migration, and journals that it is gone. */
export async function dropGuard(
  store: ControlStore,
  journal: JournalFollower,
  capability: Capability,
  { actor, reason }: { actor: string; reason: string | null },
): Promise<{ changed: boolean }> {
  const { name: migration } = capability;
  await journal.refresh();
  const { stage, seq, epoch } = journal.state(migration);
  if (stage !== 'retired') throw new NotRetiredError(migration, stage);
  const ground = groundOf(capability);
  if (!ground) return { changed: false };
  const { monolith } = ground.databases;
  const there = await monolith.guarded(ground.tables.monolith);
  // Also what a removal that was cut off has left.
  await monolith.dropGuard(ground.tables.monolith);
  if (there.length === 0) return { changed: false };
  const decision = { kind: 'guard-dropped' } as const;
  await store.append({ migration, decision, epoch, actor, reason, evidence: { tables: there } }, seq);
  await journal.refresh();
  return { changed: true };
}

/**
 * Forgets which key of one side is which of the other, for a retired migration, and journals it. What clients have seen of
 * the service's keys stays; the monolith's numbers lead nowhere afterwards.
 *
 * @param all every migration that is configured
 * @throws KeysInUseError while another one translates keys of the same space
 */
export async function forgetKeys(
  store: ControlStore,
  journal: JournalFollower,
  { name: migration, databases, pairs }: Capability,
  all: Iterable<Capability>,
  { actor, reason }: { actor: string; reason: string | null },
): Promise<{ changed: boolean }> {
  await journal.refresh();
  const { stage, seq, epoch } = journal.state(migration);
  if (stage !== 'retired') throw new NotRetiredError(migration, stage);
  const spaces = spacesIn(pairs);
  for (const other of all) {
    const shared = spacesIn(other.pairs).find((space) => spaces.includes(space));
    const standing = journal.state(other.name);
    if (shared !== undefined && standing.stage !== 'retired')
      throw new KeysInUseError(migration, shared, other.name, standing.stage);
  }
  const forgotten = spaces.length === 0 ? 0 : ((await databases?.monolith.forgetKeys(spaces)) ?? 0);
  if (forgotten === 0) return { changed: false };
  const decision = { kind: 'keys-forgotten' } as const;
  const evidence = { spaces, pairs: forgotten };
  await store.append({ migration, decision, epoch, actor, reason, evidence }, seq);
  await journal.refresh();
  return { changed: true };
}
