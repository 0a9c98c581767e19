import type { SideSettings } from '../upstreams/schema.ts';
import type { SideHealth } from '../upstreams/pool.ts';
import { Upstream, type Bed, type Handler } from './bed.ts';

/** Gives the proxy other addresses of the service, or other settings for it, while it runs. */
export function reconfigureService(bed: Bed, shop: SideSettings): void {
  bed.proxy.reconfigure({ ...bed.config, upstreams: { ...bed.config.upstreams, services: { shop } } });
}

/** How the proxy says that the service fares. */
export function serviceHealth(bed: Bed): SideHealth {
  const health = bed.proxy.stats().upstreams.services['shop'];
  if (!health) throw new Error('The proxy has no service "shop".');
  return health;
}

/** What the proxy says of each address of the service, in their order. */
export function statesOf(bed: Bed): string[] {
  return serviceHealth(bed).addresses.map(({ state }) => state);
}

/** More servers of the same application. */
export class Replicas {
  readonly #started: Upstream[] = [];

  async start(name: string, handler?: Handler): Promise<Upstream> {
    const upstream = await new Upstream(name, handler).start();
    this.#started.push(upstream);
    return upstream;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((each) => each.stop().catch(() => undefined)));
  }
}
