import type { Explanation } from '../../data-plane/explain.ts';
import type { ContractReport } from '../contracts.ts';
import type { Differences } from '../lifecycle.ts';
import type { Certificate } from '../retirement.ts';
import type { MigrationTraffic, Progress, RoutesUse, RouteUse } from '../usage.ts';

const COUNTS = { compared: 250, agreed: 245, differed: 5, dropped: 2, tooBig: 1, noVerdict: 3 };

export const DIFFERENCES: Differences = {
  migration: '',
  since: '2026-01-02T03:00:00.000Z',
  verdict: 'differs',
  ...COUNTS,
  operations: [
    {
      operation: 'GET /api/products/{id}',
      verdict: 'differs',
      ...COUNTS,
      fields: [
        {
          field: '$.tags[*].price',
          count: 5,
          percent: 2,
          first: '2026-01-02T03:04:05.000Z',
          last: '2026-01-02T03:09:05.000Z',
          examples: [
            {
              at: '2026-01-02T03:04:05.000Z',
              target: '/api/products/7?token=***',
              place: '$.tags[0].price',
              monolith: '10',
              service: '"10"',
            },
          ],
        },
      ],
      unlisted: 4,
      noise: [{ field: '$.servedAt', excused: 120 }],
    },
    {
      operation: 'GET /api/categories',
      verdict: 'no data',
      ...{ compared: 0, agreed: 0, differed: 0, dropped: 0, tooBig: 0, noVerdict: 0 },
      fields: [],
      unlisted: 0,
      noise: [],
    },
  ],
  ignored: [
    {
      ...{ path: '$..requestId', reason: 'each side counts its own' },
      ...{ from: 'file', by: null, at: null },
    },
    {
      ...{ path: '$.rounding', reason: 'the service rounds up' },
      ...{ from: 'journal', by: 'ada', at: '2026-01-02T03:10:05.000Z' },
    },
  ],
};

export const CONTRACT: ContractReport = {
  migration: '',
  documents: { breaking: [], warnings: ['GET /api/products/{id}: status 503 is new'] },
  recorded: {
    checked: 500,
    unchecked: 3,
    violations: [
      {
        ...{ side: 'service', operation: 'GET /api/products/{id}', field: '$.tags[*].colour' },
        ...{ problem: 'is not documented', count: 12, example: '/api/products/7?token=***' },
        ...{ first: '2026-01-02T03:04:05.000Z', last: '2026-01-02T03:09:05.000Z' },
      },
    ],
    unlisted: 2,
  },
  gate: { differences: 'breaking', recorded: 'warn' },
};

export const CERTIFICATE: Certificate = {
  migration: '',
  service: 'catalog-service',
  ...{ retiredAt: '2026-01-02T03:04:05.000Z', by: 'ada@desk', reason: 'done' },
  routes: ['GET /api/products/{id}'],
  tables: [{ from: 'tbl_products', to: 'product', rows: 7 }],
  ...{ countedAt: null, keptGuard: false, changesOfOwner: 1, takenBack: 0 },
  stages: [
    {
      ...{ stage: 'extracted', at: '2026-01-02T03:04:05.000Z', by: 'ada@desk', reason: null },
      gates: [],
      overrides: [{ gate: 'lag', value: '12.3 s', threshold: 'below 2 s', by: 'ada@desk', why: 'a test' }],
    },
  ],
  journal: {
    entries: 2,
    first: { seq: 1, at: '2026-01-02T03:04:05.000Z', hash: 'c0ffee00c0ffee00' },
    last: { seq: 2, at: '2026-01-02T03:04:05.000Z', hash: 'c0ffee00c0ffee00' },
  },
};

export const EXPLANATION: Explanation = {
  outcome: 'routed',
  why: "catalog is in stage canary, 25 % service. This client belongs to the service's arm, by its place in the weight.",
  readAs: '/api/products/7',
  side: 'service',
  route: {
    method: 'GET',
    host: 'shop.example.com',
    path: '/api/products/{id}',
    conditions: ['header x-beta = yes'],
    migration: 'catalog',
    service: 'catalog-service',
    kind: 'reads',
    params: [{ name: 'id', value: '7' }],
  },
  decision: {
    stage: 'canary',
    owner: 'monolith',
    epoch: 3,
    weight: 25,
    reason: 'canary',
    waits: false,
    arm: { isKnown: true, side: 'service', pinnedBy: null },
  },
  others: [
    {
      method: '*',
      host: null,
      path: '/api/*',
      conditions: [],
      migration: 'orders',
      why: 'its host is less exact',
    },
  ],
};

const AT = '2026-01-02T03:04:05.000Z';
const USE: Omit<RouteUse, 'id' | 'requests' | 'lastSeen' | 'countedSince'> = {
  ...{ method: 'GET', host: null, path: '/catalog/{id}', conditions: [], readsOrWrites: 'reads' },
  ...{ answeredBy: '25 % service', migration: 'catalog', service: 'catalog-service', stage: 'canary' },
};

export const ROUTES_USE: RoutesUse = {
  at: AT,
  routes: [
    {
      ...USE,
      ...{ id: 'catalog: GET /catalog/{id}, reads', requests: { monolith: 75, service: 25 } },
      ...{ lastSeen: AT, countedSince: AT },
    },
    {
      ...USE,
      ...{ path: '/catalog/old', id: 'catalog: GET /catalog/old, reads' },
      ...{ requests: { monolith: 0, service: 0 }, lastSeen: null, countedSince: AT },
    },
  ],
  unmatched: [{ method: 'GET', path: '/basket/{…}', requests: 12, firstSeen: AT, lastSeen: AT }],
};

export const PROGRESS: Progress = {
  points: [
    {
      ...{ at: AT, seconds: 60, routes: { total: 4, service: 1.25 } },
      ...{ requests: { monolith: 300, service: 100 }, writes: { monolith: 40, service: 0 } },
    },
  ],
};

const RATE = { perSecond: 12.5, failedPercent: 0.1, p50: 3.2, p99: 48 };
const NOTHING = { perSecond: 0, failedPercent: null, p50: null, p99: null };
const POINT = { at: AT, monolith: { reads: RATE, writes: RATE }, service: { reads: RATE, writes: NOTHING } };

export const TRAFFIC: MigrationTraffic = { migration: '', windowSeconds: 60, now: POINT, points: [POINT] };
