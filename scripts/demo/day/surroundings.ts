import { createDatabaseOf, dropMysqlDatabases } from '../../../migrations/testing/databases.ts';
import { freePorts } from '../../testing/free-ports.ts';
import { startServer } from '../surroundings.ts';
import type { EmbeddedServer } from '../../../migrations/databases/embedded.ts';

const SERVICES = ['catalog', 'cart', 'orders', 'payments'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** URLs of all databases of the day: the shop's, the control store's, and one of each service. */
export type DayDatabases = Record<'monolith' | 'control' | ServiceName, string>;

/** What listens where. `release` is where the proxy finds the orders service. */
export type DayAddresses = Record<
  'proxy' | 'control' | 'monolith' | 'steps' | 'release' | ServiceName,
  string
>;

/** There is no MySQL or MariaDB for the payments. */
class NoMysqlError extends Error {
  /** @param named the server that somebody named, and why it is of no use; null when nobody named one */
  constructor(named: string | null) {
    super(
      `--all keeps the payments in MySQL 8 or MariaDB 10.6, and there is none ${named ?? 'on port 3306'}: install ` +
        'MariaDB, or start one whose root has no password (docker run -e MYSQL_ALLOW_EMPTY_PASSWORD=1 -p 3306:3306 ' +
        'mysql:8); without --all nothing of it is needed',
    );
    this.name = 'NoMysqlError';
  }
}

/** PostgreSQL comes along; MySQL or MariaDB is taken where it runs, or started where it is installed. */
export async function startDatabases(): Promise<{
  server: EmbeddedServer;
  databases: DayDatabases;
  drop: () => Promise<void>;
}> {
  const payments = await createDatabaseOf('mysql', '').catch((error: Error) => {
    const named = process.env['STRANGLER_TEST_MYSQL'];
    throw new NoMysqlError(named ? `at ${new URL(named).host} (${error.message})` : null);
  });
  const server = await startServer();
  const [monolith, control, catalog, cart, orders] = [
    await server.database('shop'),
    await server.database('strangler_control'),
    await server.database('catalog'),
    await server.database('cart'),
    await server.database('orders'),
  ];
  return {
    server,
    databases: { monolith, control, catalog, cart, orders, payments },
    drop: dropMysqlDatabases,
  };
}

export async function chooseAddresses(): Promise<DayAddresses> {
  const ports = await freePorts(9);
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const [proxy, control, monolith, steps, release, catalog, cart, orders, payments] = ports;
  return {
    proxy: at(proxy),
    control: at(control),
    monolith: at(monolith),
    steps: at(steps),
    release: at(release),
    catalog: at(catalog),
    cart: at(cart),
    orders: at(orders),
    payments: at(payments),
  };
}

/** What legacy-monolith/strangler.yaml and all applications read. */
export function environmentOf(databases: DayDatabases, addresses: DayAddresses): Record<string, string> {
  const places = (service: ServiceName) => `${addresses.steps},${addresses[service]}`;
  return {
    MONOLITH_URL: addresses.monolith,
    MONOLITH_DATABASE_URL: databases.monolith,
    ...Object.fromEntries(
      SERVICES.flatMap((name) => [
        [`${name.toUpperCase()}_URL`, name === 'orders' ? addresses.release : addresses[name]],
        [`${name.toUpperCase()}_DATABASE_URL`, databases[name]],
        [`${name.toUpperCase()}_PLACES`, places(name)],
      ]),
    ),
    SHOP_URL: addresses.proxy,
    PROXY_LISTEN: new URL(addresses.proxy).host,
    CONTROL_LISTEN: new URL(addresses.control).host,
    CONTROL_STORE: databases.control,
  };
}
