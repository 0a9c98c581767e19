import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../migrations/databases/embedded.ts';
import type { EmbeddedServer } from '../../migrations/databases/embedded.ts';
import { postgresSplitters } from './relay/postgres-frames.ts';
import { Relay } from './relay/relay.ts';

export type ServerName = 'monolith' | 'service' | 'control';
export const SERVERS: readonly ServerName[] = ['monolith', 'service', 'control'];

/** The data end with the run, and a server that is killed leaves what it wrote to the kernel. */
const FLAGS = ['fsync=off', 'full_page_writes=off', 'max_connections=150', 'wal_level=logical'].flatMap(
  (flag) => ['-c', flag],
);

/** A PostgreSQL of the test's own, so that stopping it harms nobody. */
export class OwnServer {
  readonly name: ServerName;
  private readonly dataDir: string;
  private readonly relays: Relay[] = [];
  private server: EmbeddedServer;
  private databaseUrl: string;

  private constructor(name: ServerName, dataDir: string, server: EmbeddedServer, databaseUrl: string) {
    this.name = name;
    this.dataDir = dataDir;
    this.server = server;
    this.databaseUrl = databaseUrl;
  }

  static async start(folder: string, name: ServerName): Promise<OwnServer> {
    const dataDir = join(folder, name);
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755); // as root, the server runs as another user
    const server = await startEmbedded(dataDir, FLAGS);
    return new OwnServer(name, dataDir, server, await server.database(name));
  }

  /** Past every wire; it changes when the server is started again. */
  get url(): string {
    return this.databaseUrl;
  }

  /** A way to this server for one user of it, that stays the same when the server is started again. */
  async wire(user: string): Promise<Relay> {
    const relay = await Relay.open(`${user} to ${this.name}`, this.databaseUrl, postgresSplitters);
    this.relays.push(relay);
    return relay;
  }

  /** Stops it as an administrator would, and starts it again. */
  async restart(): Promise<void> {
    await this.server.stop();
    this.server = await startEmbedded(this.dataDir, FLAGS);
    this.databaseUrl = await this.server.database(this.name);
    for (const relay of this.relays) relay.leadTo(this.databaseUrl);
  }

  /** Kills one of its processes: the server ends all connections and recovers from its log. */
  async crash(): Promise<void> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const gone = new Promise<void>((resolve) => client.once('end', () => resolve()));
    if (rows[0]) process.kill(rows[0].pid, 'SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.close()));
    await this.server.stop();
  }
}
