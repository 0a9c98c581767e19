import type { Exchange } from '../exchange.ts';

/** Where the sides listen; services by the names that the route table uses. */
export interface UpstreamSettings {
  monolith: string;
  services: Readonly<Record<string, string>>;
}

/** A service that a route names and nobody gave an address for. */
class UnknownServiceError extends Error {
  constructor(service: string) {
    super(`A route leads to service "${service}", which has no url. Add it to the services.`);
    this.name = 'UnknownServiceError';
  }
}

/** The addresses of both sides. */
export class Upstreams {
  #monolith: URL;
  #services: ReadonlyMap<string, URL>;

  constructor(settings: UpstreamSettings) {
    this.#monolith = new URL(settings.monolith);
    this.#services = servicesOf(settings);
  }

  configure(settings: UpstreamSettings): void {
    this.#monolith = new URL(settings.monolith);
    this.#services = servicesOf(settings);
  }

  /** The address that answers for the decided side. */
  addressFor({ match, decision }: Exchange): URL {
    return match && decision.side === 'service' ? this.serviceAddress(match.service) : this.#monolith;
  }

  get monolithAddress(): URL {
    return this.#monolith;
  }

  serviceAddress(service: string): URL {
    const address = this.#services.get(service);
    if (!address) throw new UnknownServiceError(service);
    return address;
  }

  close(): void {
    // Nothing is open yet.
  }
}

function servicesOf(settings: UpstreamSettings): ReadonlyMap<string, URL> {
  return new Map(Object.entries(settings.services).map(([name, url]) => [name, new URL(url)]));
}
