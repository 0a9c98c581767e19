import { join } from 'node:path';
import { ownMysql } from './own-mysql.ts';
import { ownPostgres } from './own-postgres.ts';
import { Relay } from './relay/relay.ts';
import type { Splitters } from './relay/splitter.ts';
import type { Dialect } from './sides.ts';

export type ServerName = 'monolith' | 'service' | 'control';
export const SERVERS: readonly ServerName[] = ['monolith', 'service', 'control'];

/** A server that is the test's to stop, whatever its make. */
export interface Keeper {
  readonly splitters: Splitters;
  /** Past every wire; it changes when the server is started again. */
  url(): string;
  /** Stops it as an administrator would, and starts it again. */
  restart(): Promise<void>;
  /** Takes it away without a warning; it recovers from its log. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** A server of the test's own, so that stopping it harms nobody, and the wires that lead to it. */
export class OwnServer {
  readonly name: ServerName;
  private readonly keeper: Keeper;
  private readonly relays: Relay[] = [];

  private constructor(name: ServerName, keeper: Keeper) {
    this.name = name;
    this.keeper = keeper;
  }

  static async start(folder: string, name: ServerName, dialect: Dialect): Promise<OwnServer> {
    const start = dialect === 'postgres' ? ownPostgres : ownMysql;
    return new OwnServer(name, await start(join(folder, name), name));
  }

  get url(): string {
    return this.keeper.url();
  }

  /** A way to this server for one user of it, that stays the same when the server is started again. */
  async wire(user: string): Promise<Relay> {
    const relay = await Relay.open(`${user} to ${this.name}`, this.url, this.keeper.splitters);
    this.relays.push(relay);
    return relay;
  }

  restart(): Promise<void> {
    return this.again(() => this.keeper.restart());
  }

  crash(): Promise<void> {
    return this.again(() => this.keeper.crash());
  }

  async stop(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.close()));
    await this.keeper.stop();
  }

  private async again(end: () => Promise<void>): Promise<void> {
    await end();
    for (const relay of this.relays) relay.leadTo(this.url);
  }
}
