import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import type { Schemas } from '../commands/client.ts';
import { ControlClient } from '../commands/client.ts';
import { freePorts } from '../testing/free-ports.ts';
import type { Role } from '../testing/part.ts';
import { Part } from '../testing/part.ts';
import { replayControl } from '../testing/replay-control.ts';
import { RowApplication } from '../testing/row-application.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PATIENCE_MS = 60_000;
type Slice = 'notes-pilot' | 'notes-main';

let urls: Record<'monolith' | 'service' | 'store', string>;
let apps: RowApplication[];
let clients: Record<'monolith' | 'service', pg.Client>;
let parts: Record<'control' | 'sync' | 'proxy', Part>;
let proxy: string;
let control: ControlClient;
let folder: string;
beforeEach(async () => {
  const [monolith = '', service = '', store = ''] = await Promise.all(
    Array.from({ length: 3 }, () => createDatabase('')),
  );
  urls = { monolith, service, store };
  apps = [
    await RowApplication.start(monolith, { notes: 'note' }, true),
    await RowApplication.start(service, { notes: 'notice' }, true),
  ];
  clients = {
    monolith: new pg.Client({ connectionString: monolith }),
    service: new pg.Client({ connectionString: service }),
  };
  await Promise.all([clients.monolith.connect(), clients.service.connect()]);
  folder = await mkdtemp(join(tmpdir(), 'strangler-slices-'));
  const [proxyPort, controlPort] = await freePorts(2);
  proxy = `http://127.0.0.1:${proxyPort}`;
  control = new ControlClient(`http://127.0.0.1:${controlPort}`, undefined, 'test');
  const config = join(folder, 'strangler.yaml');
  await writeFile(config, JSON.stringify(configOf(proxyPort, controlPort)));
  const start = async (role: Role): Promise<Part> => {
    const part = new Part(role, role, {
      product: ROOT,
      folder,
      config,
      env: process.env,
      say: () => undefined,
    });
    await part.start();
    return part;
  };
  parts = { control: await start('control'), sync: await start('sync'), proxy: await start('proxy') };
}, 120_000);
afterEach(async () => {
  for (const part of Object.values(parts)) await part.stop();
  await Promise.all([...apps.map((app) => app.close()), clients.monolith.end(), clients.service.end()]);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

function configOf(proxyPort: number, controlPort: number): unknown {
  return {
    version: 1,
    monolith: { url: apps[0]?.url, database: urls.monolith },
    services: { notes: { url: apps[1]?.url, database: urls.service } },
    proxy: { listen: `127.0.0.1:${proxyPort}` },
    control: { listen: `127.0.0.1:${controlPort}`, store: urls.store },
    migrations: {
      notes: {
        service: 'notes',
        routes: ['POST /notes/{id}'],
        tables: [
          { from: 'note', to: 'notice', key: { tenant: 'tenant', id: 'id' }, columns: { body: 'body' } },
        ],
        slices: {
          column: 'tenant',
          key: { header: 'X-Tenant' },
          of: { pilot: ['acme'], main: ['blue', 'bloom'] },
        },
        shadow: { sample: 0 },
        gates: { shadowSamples: 0 },
      },
    },
  };
}

let number = 0;
async function write(tenant: string | null): Promise<{ status: number; text: string; id: number }> {
  const id = (number += 1);
  const headers = tenant === null ? {} : { 'x-tenant': tenant };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(`${proxy}/notes/${id}`, { method: 'POST', headers, signal });
  return { status: answer.status, text: await answer.text(), id };
}

async function move(name: Slice, verb: Schemas['Verb']): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const came = await control.move(name, { verb }).catch((error: Error) => error.message);
    if (typeof came === 'object' && came.done) return;
    if (Date.now() > giveUpAt) throw new Error(`${verb} of ${name}: ${JSON.stringify(came)}`);
    await pause(100);
  }
}

async function until(name: Slice, fits: (status: Schemas['MigrationStatus']) => boolean): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await control.migration(name).catch(() => null);
    if (status && fits(status)) return;
    if (Date.now() > giveUpAt) throw new Error(`${name} never fitted: ${JSON.stringify(status)}`);
    await pause(20);
  }
}

async function cutOver(name: Slice): Promise<void> {
  await move(name, 'sync');
  await move(name, 'shadow');
  await control.verify(name, { repair: false, dryRun: false });
  await until(name, ({ verify }) => verify?.state === 'done');
  await move(name, 'cutover');
}

const TABLE = { monolith: 'note', service: 'notice' } as const;
const tenantsIn = async (side: 'monolith' | 'service', ids: readonly number[]): Promise<string[]> => {
  const { rows } = await clients[side].query<{ tenant: string }>(
    `SELECT tenant FROM ${TABLE[side]} WHERE id = ANY ($1) ORDER BY tenant`,
    [ids],
  );
  return rows.map(({ tenant }) => tenant);
};
/** The next report may have been counted before the last write: the one after it was not. */
const caughtUp = async (name: Slice): Promise<void> => {
  let before = new Date().toISOString();
  for (let report = 0; report < 2; report += 1) {
    await until(name, ({ sync }) => {
      const at = sync?.reportedAt ?? '';
      if (at <= before) return false;
      before = at;
      return true;
    });
  }
  await until(name, ({ sync }) => sync?.state === 'live' && sync.lagChanges === 0);
};

it('one tenant is on the service and another on the monolith, each with its own fence and way back', async () => {
  await cutOver('notes-pilot');
  await move('notes-main', 'sync');
  const acme = await write('acme');
  const blue = await write('blue');
  const other = await write('nobody of ours');
  expect([acme.status, blue.status, other.status]).toEqual([200, 200, 200]);
  await caughtUp('notes-pilot');
  await caughtUp('notes-main');
  const ids = [acme.id, blue.id, other.id];
  expect(await tenantsIn('service', ids)).toEqual(['acme', 'blue']);
  expect(await tenantsIn('monolith', ids)).toEqual(['acme', 'blue', 'nobody of ours']);
  const insert = (table: string, tenant: string) =>
    `INSERT INTO ${table} VALUES ('${tenant}', 0, 'past the proxy')`;
  await expect(clients.monolith.query(insert('note', 'acme'))).rejects.toThrow(
    /"notes-pilot" is owned by service/,
  );
  await expect(clients.service.query(insert('notice', 'blue'))).rejects.toThrow(
    /"notes-main" is owned by monolith/,
  );
  const keyless = await write(null);
  expect(keyless).toMatchObject({ status: 400, text: expect.stringContaining('header x-tenant') });
  await move('notes-pilot', 'rollback');
  const back = await write('acme');
  expect(back.status).toBe(200);
  expect(await tenantsIn('monolith', [back.id])).toEqual(['acme']);
  await caughtUp('notes-pilot');
  expect(await tenantsIn('service', [back.id])).toEqual(['acme']);
}, 120_000);

it('kill -9 of everything in the middle of the cutover of one slice: the other one goes on, and nothing is lost', async () => {
  await cutOver('notes-main');
  await move('notes-pilot', 'sync');
  await move('notes-pilot', 'shadow');
  await control.verify('notes-pilot', { repair: false, dryRun: false });
  await until('notes-pilot', ({ verify }) => verify?.state === 'done');
  await clients.monolith.query('BEGIN');
  await clients.monolith.query(`INSERT INTO note VALUES ('acme', 0, 'stays open')`);
  const ordered = control.move('notes-pilot', { verb: 'cutover' }).catch((error: Error) => error.message);
  await until('notes-pilot', ({ moving }) => moving?.phase === 'raise-fence');
  for (const part of Object.values(parts)) part.kill();
  await ordered;
  await clients.monolith.query('COMMIT');
  await Promise.all(Object.values(parts).map((part) => part.whenReady()));
  await until('notes-pilot', ({ moving, owner }) => moving === null && owner === 'monolith');
  const acme = await write('acme');
  const bloom = await write('bloom');
  expect([acme.status, bloom.status]).toEqual([200, 200]);
  expect(await tenantsIn('monolith', [acme.id])).toEqual(['acme']);
  expect(await tenantsIn('service', [bloom.id])).toEqual(['bloom']);
  await caughtUp('notes-pilot');
  await caughtUp('notes-main');
  for (const side of ['monolith', 'service'] as const)
    expect(await tenantsIn(side, [0, acme.id, bloom.id])).toEqual(['acme', 'acme', 'bloom']);
  expect(await replayControl(urls.store)).toMatchObject({ wrong: [] });
}, 120_000);
