import { READ_YOUR_WRITES, type Client } from '../decide.ts';
import type { Exchange } from '../exchange.ts';
import type { Standing, Standings } from '../standing.ts';
import type { Freshness } from './freshness.ts';
import { Identities } from './identity.ts';
import { ReadYourWrites } from './read-your-writes.ts';
import type { CanaryLists, CanarySettings } from './schema.ts';
import { Signer } from './signer.ts';
import { isWithinWeight } from './weight.ts';

/** What the configuration says of the canary of one migration. */
export interface CanaryOfMigration {
  canary: CanaryLists;
  /** Its data live on both sides, and the sync keeps them in step. */
  isSynced: boolean;
}

export interface ArmsParts {
  freshness: Freshness;
  /** Keys that sign cookies: the newest, then those of before. */
  cookieKeys: readonly [string, ...string[]];
  newest: () => Standings;
  leaseIsLive: () => boolean;
}

type OfMigrations = Readonly<Record<string, CanaryOfMigration>>;
type Pins = ReadonlyMap<string, ReadonlyMap<string, 'always list' | 'never list'>>;

/** Knows which arm of a canary a client belongs to, keeps it there, and lets it read what it wrote. */
export class Arms {
  readonly #newest: () => Standings;
  readonly #identities: Identities;
  readonly #writes: ReadYourWrites;
  /** By migration and client. */
  #pins: Pins;

  constructor({ cookieKeys, ...parts }: ArmsParts, settings: CanarySettings, migrations: OfMigrations) {
    const identities = new Identities(new Signer('arm', cookieKeys), settings);
    const signer = new Signer('watermark', cookieKeys);
    this.#newest = parts.newest;
    this.#identities = identities;
    this.#writes = new ReadYourWrites({ ...parts, signer, identities }, settings, syncedAmong(migrations));
    this.#pins = pinsOf(migrations);
  }

  configure(settings: CanarySettings, migrations: OfMigrations): void {
    this.#identities.configure(settings);
    this.#writes.configure(settings, syncedAmong(migrations));
    this.#pins = pinsOf(migrations);
  }

  close(): void {
    this.#writes.close();
  }

  /** Who asks. A client without an identity gets one with its answer. */
  identify(exchange: Exchange, standing: Standing): Client {
    const { migration, weight } = standing;
    const id = this.#identities.of(exchange);
    const pinnedBy = this.#pins.get(migration)?.get(id) ?? null;
    const isInServiceArm =
      pinnedBy === null ? isWithinWeight(id, migration, weight) : pinnedBy === 'always list';
    return { isInServiceArm, pinnedBy, isAhead: isInServiceArm && this.#writes.isAhead(exchange, standing) };
  }

  /** Notes a write that is about to be sent to the monolith. */
  noteWrite(exchange: Exchange): void {
    this.#writes.noteWrite(exchange);
  }

  /** Lets a read that is ahead of the service wait for it, where the configuration allows it; then decide again. */
  catchUp(exchange: Exchange): Promise<void> | null {
    const { match, decision } = exchange;
    if (!match || decision.reason !== READ_YOUR_WRITES) return null;
    const standing = this.#newest().byMigration.get(match.migration);
    return standing ? this.#writes.wait(exchange, standing) : null;
  }
}

function syncedAmong(migrations: OfMigrations): (migration: string) => boolean {
  const synced = new Set(Object.keys(migrations).filter((name) => migrations[name]?.isSynced));
  return (migration) => synced.has(migration);
}

function pinsOf(migrations: OfMigrations): Pins {
  return new Map(
    Object.entries(migrations).map(([name, { canary }]) => [
      name,
      new Map([
        ...canary.always.map((id) => [id, 'always list'] as const),
        ...canary.never.map((id) => [id, 'never list'] as const),
      ]),
    ]),
  );
}
