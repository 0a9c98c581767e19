import type { Exchange } from '../exchange.ts';
import { timestamp } from '../moment.ts';
import type { AddressesParts } from './addresses.ts';
import { MONOLITH, Pool, type SideHealth } from './pool.ts';
import type { SideSettings } from './schema.ts';

/** Both sides; services by the names that the route table uses. */
export interface UpstreamSettings {
  monolith: SideSettings;
  services: Readonly<Record<string, SideSettings>>;
}

export interface UpstreamsHealth {
  monolith: SideHealth;
  services: Record<string, SideHealth>;
}

type UpstreamsParts = Pick<AddressesParts, 'logger'> & Partial<AddressesParts>;

/** A service that a route names and nobody gave an address for. */
class UnknownServiceError extends Error {
  constructor(service: string) {
    super(`A route leads to service "${service}", which has no url. Add it to the services.`);
    this.name = 'UnknownServiceError';
  }
}

/** The addresses of both sides, and how they fare. Checks their health from the beginning until it is closed. */
export class Upstreams {
  readonly monolith: Pool;
  readonly #parts: AddressesParts;
  #services: ReadonlyMap<string, Pool> = new Map();
  /** Not configured any more: for requests that were matched before, a write that waited for instance. */
  readonly #gone = new Map<string, Pool>();

  constructor(settings: UpstreamSettings, parts: UpstreamsParts) {
    this.#parts = { now: timestamp, random: Math.random, agentFor: () => false, ...parts };
    this.monolith = new Pool(MONOLITH, settings.monolith, this.#parts);
    this.#services = this.#poolsOf(settings);
  }

  /** Takes other settings; what runs at a service that goes ends as it would have. */
  configure(settings: UpstreamSettings): void {
    this.monolith.configure(settings.monolith);
    const before = this.#services;
    this.#services = this.#poolsOf(settings);
    for (const [name, pool] of before) {
      if (this.#services.has(name)) continue;
      pool.close();
      this.#gone.set(name, pool);
    }
    for (const name of this.#services.keys()) this.#gone.delete(name);
  }

  /** The addresses that answer for the decided side. */
  poolFor({ match, decision }: Exchange): Pool {
    return match && decision.side === 'service' ? this.#service(match.service) : this.monolith;
  }

  /** One that is well, for a question of our own. */
  get monolithAddress(): URL {
    return this.monolith.addresses.choose().url;
  }

  serviceAddress(service: string): URL {
    return this.#service(service).addresses.choose().url;
  }

  get health(): UpstreamsHealth {
    const services = [...this.#services].map(([name, pool]) => [name, pool.health] as const);
    return { monolith: this.monolith.health, services: Object.fromEntries(services) };
  }

  close(): void {
    this.monolith.close();
    for (const pool of this.#services.values()) pool.close();
  }

  #service(name: string): Pool {
    const pool = this.#services.get(name) ?? this.#gone.get(name);
    if (!pool) throw new UnknownServiceError(name);
    return pool;
  }

  #poolsOf({ services }: UpstreamSettings): ReadonlyMap<string, Pool> {
    return new Map(
      Object.entries(services).map(([name, settings]) => {
        const known = this.#services.get(name);
        known?.configure(settings);
        return [name, known ?? new Pool(`service ${name}`, settings, this.#parts)];
      }),
    );
  }
}
