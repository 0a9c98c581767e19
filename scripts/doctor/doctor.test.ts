import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createDatabase } from '../../migrations/testing/two-databases.ts';
import { runCli } from '../commands/testing/run-cli.ts';
import type { Diagnosis } from './diagnose.ts';

let folder: string;
let application: Server;
let monolith: string;
let service: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-doctor-'));
  application = createServer((_, res) => res.end('well'));
  await once(application.listen(0, '127.0.0.1'), 'listening');
  [monolith, service] = await Promise.all([
    createDatabase('CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL); CREATE TABLE bare (x int)'),
    createDatabase('CREATE TABLE product (id int PRIMARY KEY, name text NOT NULL)'),
  ]);
});
afterAll(async () => {
  application.close();
  await rm(folder, { recursive: true });
});

interface Settings {
  from?: string;
  name?: string;
  database?: string;
  url?: string;
  openapi?: string;
  transport?: string;
}

const doctor = async (settings: Settings, ...args: string[]) => {
  const { port } = application.address() as AddressInfo;
  const { from = 'item', name = 'name', database = service, url = `http://127.0.0.1:${port}` } = settings;
  const yaml = `
version: 1
${settings.transport ?? ''}
monolith: { url: '${url}', database: '${monolith}', ${settings.openapi ? `openapi: '${settings.openapi}'` : ''} }
services: { shop: { url: 'http://127.0.0.1:${port}', database: '${database}' } }
migrations:
  catalog:
    service: shop
    routes: [{ method: GET, path: '/items/*' }]
    tables: [{ from: ${from}, to: product, key: { id: id }, columns: { ${name}: name } }]
`;
  await writeFile(join(folder, 'strangler.yaml'), yaml);
  return runCli(['-c', join(folder, 'strangler.yaml'), 'doctor', ...args]);
};
const ids = async (settings: Settings): Promise<string[]> => {
  const { stdout, code } = await doctor(settings, '-o', 'json');
  const { findings } = JSON.parse(stdout) as { findings: Diagnosis[] };
  expect(code).toBe(findings.some(({ severity }) => severity === 'error') ? 1 : 0);
  return findings.filter(({ severity }) => severity === 'error').map(({ id }) => id);
};

it('finds nothing wrong where nothing is, without a control process, and ends with 0', async () => {
  expect(await doctor({})).toMatchObject({ code: 0, stdout: expect.stringContaining('catalog: ') });
});

it('says one line each with what to do', async () => {
  const { stdout, code } = await doctor({ from: 'bare', name: 'x' });
  expect(code).toBe(1);
  expect(stdout).toContain(
    'catalog: monolith: bare: has no primary key: its rows cannot be told apart. → ALTER TABLE',
  );
});

it('finds what cannot be reached: database, application, broker; and never tells a password', async () => {
  const away = 'postgres://user:s3cret@127.0.0.1:9/nothing';
  expect(await ids({ database: away })).toEqual(['database']);
  expect(await ids({ url: 'http://127.0.0.1:9' })).toEqual(['application']);
  expect(
    await ids({ transport: 'transport: { rabbitmq: { url: "amqp://guest:s3cret@127.0.0.1:9" } }' }),
  ).toEqual(['broker']);
  const { stdout, stderr } = await doctor({ database: away });
  expect(stdout + stderr).not.toContain('s3cret');
});

it('finds a contract that is not there, and a mapping that does not fit, with its place in the file', async () => {
  expect(await ids({ openapi: 'nowhere.yaml' })).toEqual(['contract']);
  expect(await ids({ from: 'nowhere' })).toEqual(['table-missing']);
  const { stdout } = await doctor({ name: 'title' });
  expect(stdout).toMatch(/strangler\.yaml:\d+:\d+.* has no column "title"/);
});

it('refuses the name of a migration that there is not', async () => {
  expect(await doctor({}, 'orders')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there are: catalog'),
  });
});
