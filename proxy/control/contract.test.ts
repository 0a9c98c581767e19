import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { Explanation, Question } from '../data-plane/explain.ts';
import type { components } from './api.gen.ts';
import type { Role } from './auth/caller.ts';
import type { Oidc } from './auth/oidc/oidc.ts';
import * as port from './lifecycle.ts';
import type { IgnoreOutcome } from './ignoring.ts';
import { operationsOf } from './operations/all.ts';
import type { ParkedPage, ParkedRows, RetryOutcome, SkipOutcome } from './parking.ts';
import type { ChangeStep, LastChange } from './happenings.ts';
import type { MigrationTraffic, Progress, RoutesUse } from './usage.ts';
import type { ContractReport } from './contracts.ts';
import type { Certificate } from './retirement.ts';
import { EventStream } from './stream/stream-events.ts';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';
import { migrationNamed, stepped } from './testing/memory-lifecycle.ts';

type Schemas = components['schemas'];
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Does not compile when a schema and the type that it mirrors are not assignable to each other. */
const mirrored: {
  stage: Same<Schemas['Stage'], port.Stage>;
  side: Same<Schemas['Side'], port.Side>;
  verb: Same<Schemas['Verb'], port.Verb>;
  planRequest: Same<Schemas['PlanRequest'], port.PlanRequest>;
  moveOrder: Same<Omit<Schemas['MoveOrder'], 'reason'>, port.MoveRequest>;
  verifyOrder: Same<Required<Omit<Schemas['VerifyOrder'], 'reason'>>, port.VerifyRequest>;
  gate: Same<Schemas['GateResult'], port.GateResult>;
  plan: Same<Schemas['Plan'], port.Plan>;
  underWay: Same<Schemas['MoveUnderWay'], port.MoveUnderWay>;
  routesUse: Same<Schemas['RoutesUse'], RoutesUse>;
  progress: Same<Schemas['Progress'], Progress>;
  traffic: Same<Schemas['MigrationTraffic'], MigrationTraffic>;
  step: Same<Schemas['ChangeStep'], ChangeStep>;
  lastChange: Same<Schemas['LastChange'], LastChange>;
  certificate: Same<Schemas['Certificate'], Certificate>;
  outcome: Same<Schemas['MoveOutcome'], port.MoveOutcome>;
  migration: Same<Required<Schemas['MigrationStatus']>, Required<port.MigrationStatus>>;
  contract: Same<Schemas['ContractReport'], ContractReport>;
  differences: Same<Schemas['Differences'], port.Differences>;
  entry: Same<Schemas['JournalEntry'], port.JournalEntry>;
  check: Same<Schemas['JournalCheck'], port.JournalCheck>;
  parkedPage: Same<Schemas['ParkedPage'], ParkedPage>;
  parkedRows: Same<Schemas['ParkedRows'], ParkedRows>;
  retried: Same<Schemas['RetryOutcome'], RetryOutcome>;
  ignored: Same<Schemas['IgnoreOutcome'], IgnoreOutcome>;
  skipped: Same<Schemas['SkipOutcome'], SkipOutcome>;
  question: Same<Required<Schemas['Question']>, Question>;
  explanation: Same<Schemas['Explanation'], Explanation>;
  code: Same<Schemas['Problem']['code'], port.ControlErrorCode>;
} = {
  stage: true,
  side: true,
  verb: true,
  planRequest: true,
  moveOrder: true,
  verifyOrder: true,
  gate: true,
  plan: true,
  underWay: true,
  routesUse: true,
  progress: true,
  traffic: true,
  step: true,
  lastChange: true,
  certificate: true,
  outcome: true,
  migration: true,
  contract: true,
  differences: true,
  entry: true,
  check: true,
  parkedPage: true,
  parkedRows: true,
  retried: true,
  ignored: true,
  skipped: true,
  question: true,
  explanation: true,
  code: true,
};

interface Documented {
  operationId: string;
  'x-role'?: Role;
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: object }> }>;
}
type Json = Record<string, unknown>;
const METHODS = ['get', 'post', 'delete'] as const;
const document = parse(readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8')) as {
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Documented>>>;
  components: { schemas: Json };
};

const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation ? [{ path, method, ...operation }] : [];
  }),
);

/** The document says what there may be; here it also says that there is nothing else. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  const isObject = 'properties' in schema && !('additionalProperties' in schema);
  return isObject ? { ...inner, additionalProperties: false } : inner;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'api', ...(closed({ components: document.components }) as Json) });

/** What of `value` is not as `schema` says. */
function mistakes(schema: object, value: unknown): string[] {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object;
  const validate = ajv.compile(closed(absolute) as object);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

const VIEWER = { name: 'wall', role: 'viewer', secret: 'a screen on the wall' } as const;
const OPERATOR = { name: 'ada', role: 'operator', secret: 'open sesame' } as const;

const BODIES: Record<string, object> = {
  planMove: { verb: 'sync' },
  move: { verb: 'sync', reason: 'a test' },
  holdBackfill: { paused: true },
  ignoreField: { path: '$.a', ignored: true, reason: 'a test' },
  abort: { reason: 'a test' },
  explain: { method: 'GET', target: '/api/products/7' },
  signIn: { token: OPERATOR.secret },
  skipParked: { table: 'item', key: '["7"]', reason: 'a test' },
};

const QUERIES: Record<string, object> = { readParkedRows: { table: 'item', key: '["7"]' } };

describe('the document and what runs', () => {
  let bed: ControlBed;
  /** The same, where somebody has to be known. */
  let locked: ControlBed;
  beforeAll(async () => {
    bed = await startControlBed();
    const oidc: Oidc = {
      begin: async () => ({ url: 'http://127.0.0.1:1/authorize', secret: 'a.b.c' }),
      finish: async () => null,
      verify: async () => null,
    };
    locked = await startControlBed({ lifecycle: bed.lifecycle, tokens: [VIEWER, OPERATOR], oidc });
    bed.lifecycle.migrations[0] = migrationNamed('catalog', FULL);
    const key = { table: 'item', key: '["7"]', operation: 'upsert', reason: 'too long' } as const;
    bed.lifecycle.parkedKeys = [{ ...key, since: AT, waiting: 1, tries: 3 }];
    const { operation, reason } = key;
    bed.lifecycle.parkedRow = { operation, reason, id: '12', parkedAt: AT, row: { id: '7' } };
    bed.lifecycle.moves = [
      {
        ...{ migration: 'catalog', verb: 'cutover', phase: 'started', since: AT, by: 'ada' },
        ...{ isRunning: false, next: 'take it back' },
      },
    ];
    bed.lifecycle.change = {
      ...{ migration: 'catalog', verb: 'cutover', epoch: 2, by: 'ada', at: AT, result: 'done' },
      ...{ steps: [stepped()], writesWaited: { count: 3, p50: 20, p99: 80, max: 91.5 } },
    };
    bed.lifecycle.cutOff = [
      {
        migration: 'catalog',
        verb: 'cutover',
        from: 'canary',
        to: 'extracted',
        epoch: 2,
        done: true,
        detail: '',
        durationMs: 1,
      },
    ];
  });
  afterAll(() => Promise.all([bed.close(), locked.close()]));

  it('mirrors the types of the port', () => {
    expect(Object.values(mirrored)).not.toContain(false);
  });

  it('routes every documented operation and nothing else, for the roles that it names', () => {
    const stream = new EventStream(bed.lifecycle, {} as never, { atLeastMs: 1, heartbeatMs: 1 });
    stream.close();
    const routed = Object.entries(operationsOf(bed.lifecycle, stream, {} as never, {} as never)).map(
      ([id, { method, path, role }]) =>
        `${id}: ${method} ${path.replace(/:(\w+)/g, '{$1}')} for ${role ?? 'everybody'}`,
    );
    expect(routed.sort()).toEqual(
      documented
        .map((one) => `${one.operationId}: ${one.method} ${one.path} for ${one['x-role'] ?? 'everybody'}`)
        .sort(),
    );
  });

  const ask = (at: string, { path, method, operationId }: (typeof documented)[number]) => {
    const asked = request(at)
      [method](path.replace('{migration}', 'catalog'))
      .query(QUERIES[operationId] ?? {});
    return method === 'post' ? asked.send(BODIES[operationId] ?? {}) : asked;
  };

  it.each(documented.filter(({ operationId }) => operationId !== 'followEvents'))(
    '$method $path answers with a documented status, and exactly as its schema says',
    async (operation) => {
      const isSignIn = ['signIn', 'beginOidc', 'finishOidc'].includes(operation.operationId);
      const answer = await ask(isSignIn ? locked.url : bed.url, operation);
      const { content } = operation.responses[String(answer.status)] ?? {};
      expect([answer.status, Object.keys(operation.responses)]).toEqual([
        answer.status,
        [String(answer.status), 'default'],
      ]);
      if (answer.status === 302) expect(answer.headers['location']).toBeDefined();
      else if (content === undefined) expect(answer.text).toBe('');
      for (const [type, { schema }] of Object.entries(content ?? {})) {
        expect(answer.headers['content-type']).toContain(type);
        expect(mistakes(schema, type === 'application/json' ? answer.body : answer.text)).toEqual([]);
      }
    },
  );

  it.each(documented)('$method $path says no as a problem with a documented code', async (operation) => {
    const refused = operation['x-role']
      ? ask(locked.url, operation)
      : ask(bed.url, operation).set('host', 'x');
    const answer = await refused;
    const { status, code } = answer.body as { status: number; code: string };
    expect([answer.status, code]).toEqual([status, operation['x-role'] ? 'unauthorized' : 'forbidden']);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(mistakes({ $ref: '#/components/schemas/Problem' }, answer.body)).toEqual([]);
  });

  it.each(documented.filter((one) => one['x-role'] === 'operator'))(
    '$method $path is not for a viewer',
    async (operation) => {
      const before = bed.lifecycle.orders.length;
      const answer = await ask(locked.url, operation).set('authorization', `Bearer ${VIEWER.secret}`);
      expect([answer.status, answer.body.code]).toEqual([403, 'not-permitted']);
      expect(bed.lifecycle.orders.length).toBe(before);
    },
  );

  it.each(documented.filter((one) => one['x-role'] === 'viewer' && one.operationId !== 'followEvents'))(
    '$method $path is for a viewer, too',
    async (operation) => {
      const answer = await ask(locked.url, operation).set('authorization', `Bearer ${VIEWER.secret}`);
      expect(answer.status).toBe(200);
    },
  );

  it('documents every code with one status, and there is no other', () => {
    const { properties } = document.components.schemas['Problem'] as {
      properties: { code: { enum: string[] } };
    };
    expect([...properties.code.enum].sort()).toEqual(Object.keys(port.CONTROL_ERRORS).sort());
  });

  it.each(Object.keys(document.paths))('%s takes no other method than its own', async (path) => {
    const own = METHODS.filter((method) => document.paths[path]?.[method]);
    for (const other of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      if ((own as string[]).includes(other)) continue;
      const answer = await request(bed.url)
        [other](path.replace('{migration}', 'catalog'))
        .set('content-type', 'application/json');
      expect([other, answer.status, answer.headers['allow']]).toEqual([
        other,
        405,
        own.map((method) => method.toUpperCase()).join(', '),
      ]);
    }
  });
});

const AT = '2026-01-02T03:04:05.000Z';
const FULL: Partial<port.MigrationStatus> = {
  stage: 'canary',
  sync: {
    from: 'monolith',
    to: 'service',
    state: 'live',
    detail: '',
    lagSeconds: 0.1,
    lagChanges: 2,
    parked: 0,
    parkedKeys: 0,
    applied: 7,
    changesPerSecond: 0.5,
    drift: [
      {
        side: 'monolith',
        table: 'item',
        column: 'x',
        effect: 'parks',
        message: 'gone',
        advice: 'put it back',
      },
    ],
    slot: { slot: 's', retainedBytes: 1, limitBytes: null, status: 'reserved', detail: '' },
    followerSlot: null,
    backfillHeld: null,
    unreadable: 0,
    backfill: [{ table: 'products', rows: 5, total: null, rowsPerSecond: 1, secondsLeft: null, done: true }],
    reportedAt: AT,
  },
  verify: {
    state: 'done',
    at: AT,
    rowsCompared: 5,
    rowsTotal: 5,
    rowsPerSecond: 10,
    differences: 0,
    repaired: 0,
    details: [],
  },
  shadow: { compared: 9, agreed: 9, differed: 0, dropped: 0, verdict: 'agrees', examples: [] },
  moving: { verb: 'cutover', phase: 'hold', since: AT, by: 'ada' },
  ramp: {
    steps: ['5 % for 10 min', '100 % for 5 min'],
    step: 1,
    secondsLeft: 12.5,
    reads: { soFar: 3, needed: 100 },
    waitsFor: ['more traffic: 3 of 100 reads of the service in the window'],
  },
  guardrails: [{ guardrail: 'lag', verdict: 'ok', value: '0.1 s', threshold: 'at most 10 s', window: 'now' }],
  takenBack: { at: AT, weight: 5, why: ['lag: 12 s, at most 10 s, now'] },
};
