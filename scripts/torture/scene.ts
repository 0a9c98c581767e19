import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Application } from './application.ts';
import { openBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import { Ledger } from './ledger.ts';
import { MIGRATION, Moves } from './moves.ts';
import type { TortureOptions } from './options.ts';
import { WiredPart } from './wired-part.ts';
import type { Wires } from './wired-part.ts';
import { freePorts } from '../testing/free-ports.ts';
import type { PartSettings } from '../testing/part.ts';
import type { Random } from './random.ts';
import { OwnServer, SERVERS } from './servers.ts';
import type { ServerName } from './servers.ts';
import { openSide, SIDES } from './sides.ts';
import type { SideDatabase, SideName } from './sides.ts';
import { Watch } from './watch.ts';
import { WORKLOADS } from './workloads/all.ts';
import { schemaIn } from './workloads/workload.ts';
import { Writers } from './writers.ts';

/** Everything that a fault works with. */
export interface Scene {
  folder: string;
  random: Random;
  ledger: Ledger;
  servers: Readonly<Record<ServerName, OwnServer>>;
  sides: Readonly<Record<SideName, SideDatabase>>;
  moves: Moves;
  writers: Writers;
  watch: Watch;
  sync: WiredPart;
  /** A second sync process; it runs only while a fault wants it. */
  second: WiredPart;
  control: WiredPart;
  proxy: WiredPart;
  say: (line: string) => void;
}

export type CleanUp = (() => Promise<unknown>)[];

const CONNECTIONS = 16;
const PACE_MS = 400;

/** Starts databases, applications, the product and the writers. Nothing is in sync yet. */
export async function setTheScene(
  options: TortureOptions,
  folder: string,
  random: Random,
  cleanUp: CleanUp,
  say: (line: string) => void,
): Promise<Scene> {
  const servers = await startServers(folder, options, cleanUp);
  const sides = {
    monolith: await reachSide(servers, options, 'monolith', cleanUp),
    service: await reachSide(servers, options, 'service', cleanUp),
  };
  const ledger = new Ledger();
  await makeTables(sides, ledger);
  const applications = {
    monolith: await Application.start(sides.monolith),
    service: await Application.start(sides.service),
  };
  cleanUp.push(() => Promise.all(SIDES.map((side) => applications[side].close())));
  const broker = options.transport === 'rabbitmq' ? await openBroker(options.seed, cleanUp) : null;
  const [proxyAt, controlAt] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`) as [string, string];
  const settings: PartSettings = {
    product: options.product,
    folder,
    say,
    config: await writeConfig(folder, options, broker),
    env: {
      ...ownEnvironment(),
      MONOLITH_DATABASE_URL: servers.monolith.url,
      SERVICE_DATABASE_URL: servers.service.url,
      CONTROL_STORE: servers.control.url,
      MONOLITH_URL: applications.monolith.url,
      SERVICE_URL: applications.service.url,
      PROXY_LISTEN: proxyAt,
      CONTROL_LISTEN: controlAt,
      ...(broker && { AMQP_URL: broker.url }),
    },
  };
  const part = async (name: string, role: 'sync' | 'control' | 'proxy'): Promise<WiredPart> => {
    const made = new WiredPart(name, role, await wiresOf(servers, broker, name), settings);
    const atTheLatest = (): void => made.killForGood();
    process.once('exit', atTheLatest);
    cleanUp.push(() => made.stop());
    return made;
  };
  const control = await part('control', 'control');
  const sync = await part('sync', 'sync');
  const second = await part('second-sync', 'sync');
  const proxy = await part('proxy', 'proxy');
  await Promise.all([control.start(), sync.start(), proxy.start()]);
  const moves = new Moves(`http://${controlAt}`, options.patience * 1000, say);
  const writers = new Writers(ledger, sides, `http://${proxyAt}`, random);
  moves.restFor((work) => writers.quietly(work));
  cleanUp.push(() => writers.stop());
  const pacing = setInterval(() => {
    void moves.status().then((status) => status?.sync && writers.pace(status.sync));
  }, PACE_MS);
  cleanUp.push(async () => clearInterval(pacing));
  const watch = new Watch(sides);
  cleanUp.push(() => watch.stop());
  return { folder, random, ledger, servers, sides, moves, writers, watch, sync, second, control, proxy, say };
}

async function startServers(
  folder: string,
  { dialects }: TortureOptions,
  cleanUp: CleanUp,
): Promise<Scene['servers']> {
  const makes = { ...dialects, control: 'postgres' } as const;
  const started = await Promise.all(SERVERS.map((name) => OwnServer.start(folder, name, makes[name])));
  cleanUp.push(() => Promise.all(started.map((server) => server.stop())));
  return Object.fromEntries(started.map((server) => [server.name, server])) as Scene['servers'];
}

async function reachSide(
  servers: Scene['servers'],
  { dialects }: TortureOptions,
  side: SideName,
  cleanUp: CleanUp,
): Promise<SideDatabase> {
  const wire = await servers[side].wire('the application');
  const database = openSide(side, dialects[side], wire.urlOf(servers[side].url), CONNECTIONS);
  cleanUp.push(() => database.close());
  return database;
}

async function makeTables(sides: Scene['sides'], ledger: Ledger): Promise<void> {
  for (const workload of WORKLOADS) {
    for (const side of SIDES)
      await sides[side].transaction((sql) => sql(schemaIn(sql.dialect, workload.schema[side])));
    ledger.initial(workload.name, await sides.monolith.transaction((sql) => workload.fill(sql)));
  }
}

async function wiresOf(servers: Scene['servers'], broker: Broker | null, user: string): Promise<Wires> {
  const wires = await Promise.all(
    SERVERS.map(async (name) => [name, await servers[name].wire(user)] as const),
  );
  const toBroker = broker && { broker: await broker.wire(user) };
  return { ...(Object.fromEntries(wires) as Wires), ...toBroker };
}

/** JSON is YAML. */
async function writeConfig(
  folder: string,
  { capture, dialects }: TortureOptions,
  broker: Broker | null,
): Promise<string> {
  const file = join(folder, 'strangler.yaml');
  // Only PostgreSQL's log can be read.
  const captureOf = (side: SideName): string => (dialects[side] === 'postgres' ? capture : 'trigger');
  const captures = { monolith: captureOf('monolith'), service: captureOf('service') };
  const tables = WORKLOADS.flatMap((workload) => workload.pairs).map((pair) =>
    capture === 'trigger' ? pair : { ...pair, capture: captures },
  );
  const config = {
    version: 1,
    monolith: { url: '${MONOLITH_URL}', database: '${MONOLITH_DATABASE_URL}' },
    services: { tortured: { url: '${SERVICE_URL}', database: '${SERVICE_DATABASE_URL}' } },
    proxy: { listen: '${PROXY_LISTEN}' },
    control: { listen: '${CONTROL_LISTEN}', store: '${CONTROL_STORE}' },
    ...(broker && { transport: { rabbitmq: { url: '${AMQP_URL}', prefix: broker.prefix } } }),
    migrations: {
      [MIGRATION]: {
        service: 'tortured',
        routes: ['POST /w/{workload}'],
        tables,
        shadow: { sample: 0 },
        gates: { shadowSamples: 0, lagSeconds: 10 },
        // On a machine that does other things too, the copy would rest for ever.
        backfill: { maxLagSeconds: 60, maxSlowdown: 1000 },
      },
    },
  };
  await writeFile(file, JSON.stringify(config, null, 2));
  return file;
}

/** The user's own settings of strangler must not meddle. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STRANGLER_')));
}
