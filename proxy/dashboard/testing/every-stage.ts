import type { MigrationStatus, RouteStatus } from '../../control/lifecycle.ts';
import { migrationNamed } from '../../control/testing/memory-lifecycle.ts';

type Sync = NonNullable<MigrationStatus['sync']>;

/** A shop in the middle of its way out: a migration at each stage, with all that a page can show of one. */
export function everyStage(): MigrationStatus[] {
  return [...ahead(), ...behind()];
}

function ahead(): MigrationStatus[] {
  return [
    migrationNamed('catalog', {
      ...{
        stage: 'extracted',
        owner: 'service',
        epoch: 2,
        weightActual: 100,
        next: 'retire',
        back: 'rollback',
      },
      ...{ reads: 'service', writes: 'service' },
      waitsFor: ['quiet: the monolith was asked 3 times on these routes in the last week, needs none'],
      sync: syncOf({
        from: 'service',
        to: 'monolith',
        lagSeconds: 0.2,
        applied: 48_210,
        changesPerSecond: 31.4,
      }),
      verify: verifyOf({}),
      routes: routesOf('/api/products', 'service'),
      guardrails: guardrails('ok'),
      addresses: [addressOf('monolith', 'healthy'), addressOf('service', 'healthy')],
    }),
    migrationNamed('orders', {
      ...{ stage: 'canary', epoch: 1, weightSet: 25, weightActual: 24.6, next: 'cutover', back: 'rollback' },
      ...{ reads: '25 % service', writes: 'monolith' },
      waitsFor: [
        'verify: never run since the sync began, needs 0 differences',
        'shadow: 3 of 412 answers differ (0.7 %), needs at most 0.1 %',
      ],
      sync: syncOf({ lagSeconds: 0.4, lagChanges: 12, parked: 3, parkedKeys: 2, changesPerSecond: 88.2 }),
      shadow: { compared: 412, agreed: 409, differed: 3, dropped: 0, verdict: 'differs', examples: [] },
      routes: routesOf('/api/orders', '25 % service'),
      ramp: {
        steps: ['5 % for 10 min', '25 % for 10 min', '50 % for 30 min', '100 % for 60 min'],
        ...{ step: 2, secondsLeft: 260, reads: { soFar: 84, needed: 100 } },
        waitsFor: ['4 min more at this step', '16 more reads of the service'],
      },
      guardrails: guardrails('no data'),
      addresses: [addressOf('monolith', 'healthy'), addressOf('service', 'ejected')],
    }),
  ];
}

function behind(): MigrationStatus[] {
  return [
    migrationNamed('cart', {
      ...{
        stage: 'shadow',
        weightActual: 0,
        next: 'canary',
        back: 'rollback',
        together: ['cart', 'wishlist'],
      },
      sync: syncOf({ lagSeconds: 1.2 }),
      verify: verifyOf({ state: 'running', rowsCompared: 120_000, rowsTotal: 480_000 }),
      shadow: { compared: 1840, agreed: 1840, differed: 0, dropped: 2, verdict: 'agrees', examples: [] },
      routes: routesOf('/api/cart', 'monolith'),
      takenBack: {
        at: minutesAgo(12),
        weight: 50,
        why: ['errors of the service: 4.1 %, at most 1 %, 1 min'],
      },
    }),
    migrationNamed('wishlist', {
      ...{
        stage: 'shadow',
        weightActual: 0,
        next: 'canary',
        back: 'rollback',
        together: ['cart', 'wishlist'],
      },
      sync: syncOf({ lagSeconds: 0.9, changesPerSecond: 2.1 }),
      shadow: { compared: 640, agreed: 640, differed: 0, dropped: 0, verdict: 'agrees', examples: [] },
      routes: routesOf('/api/wishlist', 'monolith').slice(0, 3),
    }),
    migrationNamed('payments', {
      ...{ stage: 'dual-write', next: 'shadow', back: 'rollback' },
      waitsFor: ['backfill: 2 of 3 tables are copied'],
      sync: syncOf({
        ...{ state: 'backfill', lagSeconds: 3, lagChanges: 1200 },
        backfill: [
          { table: 'payment', rows: 84_200, total: 84_200, rowsPerSecond: 0, secondsLeft: null, done: true },
          { table: 'refund', rows: 1200, total: 9800, rowsPerSecond: 640, secondsLeft: 14, done: false },
        ],
      }),
      routes: routesOf('/api/payments', 'monolith'),
    }),
    migrationNamed('customers', { routes: routesOf('/api/customers', 'monolith') }),
    migrationNamed('search', {
      ...{ stage: 'retired', owner: 'service', epoch: 2, next: null, weightActual: 100 },
      ...{ reads: 'service', writes: 'service' },
      routes: routesOf('/api/search', 'service').slice(0, 1),
    }),
  ];
}

function routesOf(path: string, answeredBy: string): RouteStatus[] {
  const route = (method: string, rest: string): RouteStatus => {
    const readsOrWrites = method === 'GET' ? 'reads' : 'writes';
    const isSplit = answeredBy.includes('%') && readsOrWrites === 'writes';
    return {
      ...{ method, host: null, path: path + rest, conditions: [], readsOrWrites },
      answeredBy: isSplit ? 'monolith' : answeredBy,
    };
  };
  return [
    route('GET', ''),
    route('POST', ''),
    route('GET', '/{id}'),
    route('PUT', '/{id}'),
    route('DELETE', '/{id}'),
  ];
}

function syncOf(differing: Partial<Sync>): Sync {
  return {
    ...{ from: 'monolith', to: 'service', state: 'live', detail: '', lagSeconds: 0, lagChanges: 0 },
    ...{ parked: 0, parkedKeys: 0, applied: 1200, unreadable: 0, changesPerSecond: 12, drift: [] },
    ...{ slot: null, followerSlot: null, backfill: [], backfillHeld: null, reportedAt: minutesAgo(0) },
    ...differing,
  };
}

function verifyOf(
  differing: Partial<NonNullable<MigrationStatus['verify']>>,
): NonNullable<MigrationStatus['verify']> {
  return {
    ...{
      state: 'done',
      at: minutesAgo(40),
      rowsCompared: 512_000,
      rowsTotal: 512_000,
      rowsPerSecond: 90_000,
    },
    ...{ differences: 0, repaired: 0, details: [] },
    ...differing,
  };
}

function guardrails(verdict: 'ok' | 'no data'): MigrationStatus['guardrails'] {
  const value = (words: string) => (verdict === 'ok' ? words : '12 reads');
  return [
    { guardrail: 'errors', verdict, value: value('0.02 %'), threshold: 'at most 1 %', window: '1 min' },
    {
      guardrail: 'latency',
      verdict,
      value: value('p99 48 ms'),
      threshold: 'at most 250 ms',
      window: '1 min',
    },
  ];
}

function addressOf(
  side: 'monolith' | 'service',
  state: 'healthy' | 'ejected',
): MigrationStatus['addresses'][number] {
  const lastError = state === 'healthy' ? null : 'ECONNREFUSED';
  return { side, address: '127.0.0.1:4101', state, since: minutesAgo(90), lastError };
}

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}
