import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { parse } from 'yaml';
import type { Explanation, Question } from '../data-plane/explain.ts';
import type { components } from './api.gen.ts';
import type * as port from './lifecycle.ts';
import { operationsOf } from './operations.ts';
import type { ParkedPage, ParkedRows, RetryOutcome, SkipOutcome } from './parking.ts';
import type { Certificate } from './retirement.ts';
import { EventStream } from './stream-events.ts';
import { startControlBed, type ControlBed } from './testing/control-bed.ts';
import { migrationNamed } from './testing/memory-lifecycle.ts';

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
  certificate: Same<Schemas['Certificate'], Certificate>;
  outcome: Same<Schemas['MoveOutcome'], port.MoveOutcome>;
  migration: Same<Required<Schemas['MigrationStatus']>, Required<port.MigrationStatus>>;
  differences: Same<Schemas['Differences'], port.Differences>;
  entry: Same<Schemas['JournalEntry'], port.JournalEntry>;
  check: Same<Schemas['JournalCheck'], port.JournalCheck>;
  parkedPage: Same<Schemas['ParkedPage'], ParkedPage>;
  parkedRows: Same<Schemas['ParkedRows'], ParkedRows>;
  retried: Same<Schemas['RetryOutcome'], RetryOutcome>;
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
  certificate: true,
  outcome: true,
  migration: true,
  differences: true,
  entry: true,
  check: true,
  parkedPage: true,
  parkedRows: true,
  retried: true,
  skipped: true,
  question: true,
  explanation: true,
  code: true,
};

interface Schema {
  $ref?: string;
  type?: string | string[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  additionalProperties?: unknown;
}
interface Documented {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
const document = parse(readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8')) as {
  paths: Record<string, Partial<Record<'get' | 'post', Documented>>>;
  components: { schemas: Record<string, Schema> };
};

const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  (['get', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    return operation ? [{ path, method, ...operation }] : [];
  }),
);

/** Names every documented required property that `value` lacks. */
function missing(schema: Schema, value: unknown, at: string): string[] {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return missing(document.components.schemas[name] ?? {}, value, at);
  }
  if (value === null) return [];
  if (schema.oneOf) return missing(schema.oneOf[0] ?? {}, value, at);
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return [`${at} is no array`];
    return value.flatMap((item, index) => missing(schema.items ?? {}, item, `${at}[${index}]`));
  }
  if (schema.type !== 'object') return [];
  const object = value as Record<string, unknown>;
  const lacks = (schema.required ?? []).filter((name) => !(name in object)).map((name) => `${at}.${name}`);
  const isOpen = schema.additionalProperties !== undefined;
  const unknown = Object.keys(object).filter((name) => !isOpen && !schema.properties?.[name]);
  const deeper = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    name in object ? missing(inner, object[name], `${at}.${name}`) : [],
  );
  return [...lacks, ...unknown.map((name) => `${at}.${name} is not documented`), ...deeper];
}

const BODIES: Record<string, object> = {
  planMove: { verb: 'sync' },
  move: { verb: 'sync', reason: 'a test' },
  holdBackfill: { paused: true },
  abort: { reason: 'a test' },
  explain: { method: 'GET', target: '/api/products/7' },
  skipParked: { table: 'item', key: '["7"]', reason: 'a test' },
};

const QUERIES: Record<string, object> = { readParkedRows: { table: 'item', key: '["7"]' } };

describe('the document and what runs', () => {
  let bed: ControlBed;
  beforeAll(async () => {
    bed = await startControlBed();
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
  afterAll(() => bed.close());

  it('mirrors the types of the port', () => {
    expect(Object.values(mirrored)).not.toContain(false);
  });

  it('routes every documented operation and nothing else', () => {
    const stream = new EventStream(bed.lifecycle, {} as never, { atLeastMs: 1, heartbeatMs: 1 });
    const routed = Object.entries(operationsOf(bed.lifecycle, stream)).map(
      ([id, { method, path }]) => `${id}: ${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
    );
    expect(routed.sort()).toEqual(
      documented.map((one) => `${one.operationId}: ${one.method} ${one.path}`).sort(),
    );
  });

  it.each(documented.filter((one) => one.operationId !== 'followEvents'))(
    '$method $path answers with every required property and no undocumented one',
    async ({ path, method, operationId, responses }) => {
      const asked = request(bed.url)
        [method](path.replace('{migration}', 'catalog'))
        .query(QUERIES[operationId] ?? {});
      const answer = await (method === 'post' ? asked.send(BODIES[operationId] ?? {}) : asked);
      const response = responses[String(answer.status)];
      expect(response).toBeDefined();
      const schema = response?.content?.['application/json']?.schema;
      expect(missing(schema ?? {}, answer.body, operationId)).toEqual([]);
    },
  );

  it.each(documented)('$path takes no other method than $method', async ({ path, method }) => {
    const url = path.replace('{migration}', 'catalog');
    for (const other of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      if (other === method) continue;
      const answer = await request(bed.url)[other](url).set('content-type', 'application/json');
      expect([other, answer.status, answer.headers['allow']]).toEqual([other, 405, method.toUpperCase()]);
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
