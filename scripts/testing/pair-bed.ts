import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import type { Schemas } from '../commands/client.ts';
import { ControlClient } from '../commands/client.ts';
import { freePorts } from './free-ports.ts';
import type { PartSettings, Role } from './part.ts';
import { Part } from './part.ts';
import { RowApplication } from './row-application.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PATIENCE_MS = 60_000;
export const PAIR = ['notes', 'tags'] as const;
const TABLES = { notes: ['note', 'notice'], tags: ['tag', 'label'] } as const;
type Name = (typeof PAIR)[number];
type Status = Schemas['MigrationStatus'];

/** Two capabilities of one monolith, each with a service and a database of its own, that move together; real processes. */
export class PairBed {
  readonly clients: Readonly<Record<'monolith' | Name | 'store', pg.Client>>;
  readonly store: string;
  readonly proxies: readonly string[];
  private readonly controls: readonly Part[];
  private readonly control: readonly ControlClient[];
  private readonly stops: (() => Promise<unknown>)[];
  private readonly acknowledged: Record<Name, number[]> = { notes: [], tags: [] };
  private writing: Promise<void>[] = [];
  private isWriting = false;
  private nextNumber = 1;

  private constructor(
    parts: Pick<PairBed, 'clients' | 'store' | 'proxies'> & {
      controls: readonly Part[];
      control: readonly ControlClient[];
      stops: (() => Promise<unknown>)[];
    },
  ) {
    this.clients = parts.clients;
    this.store = parts.store;
    this.proxies = parts.proxies;
    this.controls = parts.controls;
    this.control = parts.control;
    this.stops = parts.stops;
  }

  /** @param isShared both services have one database, and `tags` names the table of `notes` as its own, too */
  static async start(isShared = false): Promise<PairBed> {
    const stops: (() => Promise<unknown>)[] = [];
    const [monolith = '', notes = '', other = '', store = ''] = await Promise.all(
      Array.from({ length: 4 }, () => createDatabase('')),
    );
    const tags = isShared ? notes : other;
    const urls = { monolith, notes, tags, store };
    const open = async (url: string): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      stops.push(() => client.end());
      return client;
    };
    const apps = {
      monolith: await RowApplication.start(monolith, { notes: TABLES.notes[0], tags: TABLES.tags[0] }),
      notes: await RowApplication.start(notes, { notes: TABLES.notes[1] }),
      tags: await RowApplication.start(tags, { tags: TABLES.tags[1] }),
    };
    for (const app of Object.values(apps)) stops.push(() => app.close());
    const folder = await mkdtemp(join(tmpdir(), 'strangler-pair-'));
    const ports = await freePorts(4);
    const part = async (name: string, role: Role, port: number): Promise<Part> => {
      const config = join(folder, `${name}.yaml`);
      await writeFile(config, JSON.stringify(configOf(`127.0.0.1:${port}`, urls, apps, isShared)));
      const settings: PartSettings = {
        product: ROOT,
        folder,
        config,
        env: process.env,
        say: () => undefined,
      };
      const made = new Part(name, role, settings);
      stops.unshift(() => made.stop());
      await made.start();
      return made;
    };
    const controls = [await part('control', 'control', ports[0]), await part('standby', 'control', ports[1])];
    await part('sync', 'sync', ports[0]);
    await part('proxy-1', 'proxy', ports[2]);
    await part('proxy-2', 'proxy', ports[3]);
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const address = (port: number): string => `http://127.0.0.1:${port}`;
    return new PairBed({
      clients: {
        monolith: await open(monolith),
        notes: await open(notes),
        tags: await open(tags),
        store: await open(store),
      },
      store,
      proxies: [address(ports[2]), address(ports[3])],
      controls,
      control: [ports[0], ports[1]].map((port) => new ControlClient(address(port), undefined, 'test')),
      stops,
    });
  }

  /** Writes to both capabilities through both proxies, all the time, and remembers what was acknowledged. */
  write(): void {
    this.isWriting = true;
    this.writing = PAIR.flatMap((name) => this.proxies.map((proxy) => this.writeTo(name, proxy)));
  }

  /** Orders a move at whichever control process leads; gives what came of it, or why it was refused. */
  async order(verb: Schemas['Verb'], name: Name): Promise<Schemas['MoveOutcome'] | string> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let tries = 0; ; tries += 1) {
      const client = this.control[tries % this.control.length];
      const came = await client?.move(name, { verb }).catch((error: Error) => error.message);
      const isElsewhere = came === undefined || (typeof came === 'string' && /does not lead/.test(came));
      if (!isElsewhere) return came;
      if (Date.now() > giveUpAt) throw new Error(`nobody leads: ${came}`);
      await pause(20);
    }
  }

  /** Until both can be cut over. */
  async toShadow(): Promise<void> {
    await this.insist('sync');
    await this.insist('shadow');
  }

  /** Compares both, as the gate wants it. */
  async verify(): Promise<void> {
    for (const name of PAIR) {
      const before = (await this.until(name, () => true)).verify?.at;
      for (const client of this.control)
        await client.verify(name, { repair: false, dryRun: false }).catch(() => undefined);
      await this.until(name, ({ verify }) => verify?.state === 'done' && verify.at !== before);
    }
  }

  async until(name: Name, fits: (status: Status) => boolean): Promise<Status> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (let tries = 0; ; tries += 1) {
      const status = await this.control[tries % this.control.length]?.migration(name).catch(() => null);
      if (status && fits(status)) return status;
      if (Date.now() > giveUpAt) throw new Error(`${name} never fitted: ${JSON.stringify(status)}`);
      await pause(20);
    }
  }

  /** `kill -9` of every control process; they are started again. */
  killControls(): void {
    for (const control of this.controls) control.kill();
  }

  /** What each side of a migration believes it is, by its own bookkeeping. */
  async roles(): Promise<string[]> {
    const role = async (client: pg.Client, name: Name): Promise<string> => {
      const { rows } = await client.query<{ role: string }>(
        'SELECT role FROM strangler.side WHERE migration = $1',
        [name],
      );
      return rows[0]?.role ?? 'none';
    };
    const { clients } = this;
    return Promise.all(
      PAIR.map(async (name) => `${await role(clients.monolith, name)} ${await role(clients[name], name)}`),
    );
  }

  /** Stops writing, waits for the sync, and says which acknowledged writes are missing where. */
  async faults(): Promise<string[]> {
    this.isWriting = false;
    await Promise.all(this.writing);
    const faults: string[] = [];
    for (const name of PAIR) {
      // The next report may have been counted before the last write: the one after it was not.
      let before = new Date().toISOString();
      for (let report = 0; report < 2; report += 1) {
        const { sync } = await this.until(name, (status) => (status.sync?.reportedAt ?? '') > before);
        before = sync?.reportedAt ?? before;
      }
      await this.until(name, ({ sync }) => sync?.state === 'live' && sync.lagChanges === 0);
      const [there, here] = TABLES[name];
      for (const [client, table] of [
        [this.clients.monolith, there],
        [this.clients[name], here],
      ] as const) {
        const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${table}`);
        const ids = new Set(rows.map(({ id }) => Number(id)));
        const missing = this.acknowledged[name].filter((number) => !ids.has(number));
        faults.push(...missing.map((number) => `${number} is missing in ${table}`));
      }
    }
    return faults;
  }

  acknowledgedOf(name: Name): number {
    return this.acknowledged[name].length;
  }

  async close(): Promise<void> {
    this.isWriting = false;
    await Promise.all(this.writing);
    for (const stop of this.stops) await stop();
  }

  private async insist(verb: Schemas['Verb']): Promise<void> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const came = await this.order(verb, PAIR[0]);
      if (typeof came === 'object' && came.done) return;
      if (Date.now() > giveUpAt) throw new Error(`${verb}: ${JSON.stringify(came)}`);
      await pause(100);
    }
  }

  private async writeTo(name: Name, proxy: string): Promise<void> {
    while (this.isWriting) {
      const number = this.nextNumber++;
      const answer = await fetch(`${proxy}/${name}/${number}`, {
        method: 'POST',
        signal: AbortSignal.timeout(10_000),
      }).catch(() => null);
      await answer?.text().catch(() => undefined);
      if (answer?.status === 200) this.acknowledged[name].push(number);
      await pause(10);
    }
  }
}

function configOf(
  listen: string,
  urls: Record<'monolith' | Name | 'store', string>,
  apps: Record<'monolith' | Name, RowApplication>,
  isShared: boolean,
): unknown {
  const pair = (name: Name) => {
    const [from, to] = TABLES[name];
    return { from, to, key: { id: 'id' }, columns: { body: 'body' } };
  };
  const migration = (name: Name) => ({
    service: name,
    routes: [`POST /${name}/{id}`],
    tables: isShared && name === 'tags' ? [pair('notes'), pair('tags')] : [pair(name)],
    shadow: { sample: 0 },
    gates: { shadowSamples: 0 },
  });
  return {
    version: 1,
    monolith: { url: apps.monolith.url, database: urls.monolith },
    services: {
      notes: { url: apps.notes.url, database: urls.notes },
      tags: { url: apps.tags.url, database: urls.tags },
    },
    proxy: { listen },
    control: { listen, store: urls.store },
    migrations: { notes: migration('notes'), tags: migration('tags') },
    together: [['notes', 'tags']],
  };
}
