import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../testing/two-databases.ts';
import { AnswerTable } from './keep-answers.ts';
import { SessionTable } from './keep-sessions.ts';
import { ControlStore } from './store.ts';

const SILENT_MS = 2500;
const ORDER = { caller: 'ada', key: 'k', digest: 'd' };

let stores: ControlStore[];
let tables: AnswerTable<string>[];
beforeEach(async () => {
  const url = await createDatabase('');
  stores = await Promise.all([ControlStore.open(url), ControlStore.open(url)]);
  tables = stores.map((store) => new AnswerTable<string>(store, SILENT_MS));
});
afterEach(async () => {
  for (const table of tables) table.close();
  await Promise.all(stores.map((store) => store.close()));
});

/** The same table as another control process sees it. */
const at = (index: number): AnswerTable<string> => {
  const table = tables[index];
  if (!table) throw new Error('there are two');
  return table;
};

describe('the key of an order', () => {
  it('is taken by one of many who ask at the same moment, in two processes', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => at(i % 2).claim(ORDER)));
    const kinds = claims.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['ours', ...Array.from({ length: 19 }, () => 'running')]);
  });

  it('gives the answer to whoever asks later, and nothing to another order', async () => {
    await at(0).claim(ORDER);
    await at(0).keep(ORDER, 'done');
    expect(await at(1).claim(ORDER)).toEqual({ kind: 'answered', answer: 'done' });
    expect(await at(1).claim({ ...ORDER, digest: 'other' })).toEqual({ kind: 'other order' });
    expect(await at(1).claim({ ...ORDER, caller: 'bob' })).toEqual({ kind: 'ours' });
  });

  it('may be used again once nothing was done', async () => {
    await at(0).claim(ORDER);
    await at(0).release(ORDER);
    expect(await at(1).claim({ ...ORDER, digest: 'other' })).toEqual({ kind: 'ours' });
  });

  it('stays taken as long as somebody is at it, and says that nobody knows once he is gone', async () => {
    await at(0).claim(ORDER);
    const until = Date.now() + 3 * SILENT_MS;
    while (Date.now() < until) {
      expect(await at(1).claim(ORDER)).toEqual({ kind: 'running' });
      await pause(50);
    }
    at(0).close();
    const patience = Date.now() + 20 * SILENT_MS;
    let claim = await at(1).claim(ORDER);
    while (claim.kind === 'running' && Date.now() < patience) {
      await pause(50);
      claim = await at(1).claim(ORDER);
    }
    expect(claim).toEqual({ kind: 'lost' });
  });

  it('is forgotten after a day', async () => {
    await at(0).claim(ORDER);
    await at(0).keep(ORDER, 'done');
    await stores[0]?.query(`UPDATE strangler_control.answer SET at = at - interval '25 hours'`);
    expect(await at(1).claim(ORDER)).toEqual({ kind: 'ours' });
  });
});

describe('the session of a page', () => {
  it('holds at every control process until it expires or ends, and holds nothing that opens a door', async () => {
    const [one, two] = stores.map((store) => new SessionTable<'viewer'>(store));
    const session = {
      ...{ digest: 'abc', name: 'ada', role: 'viewer' as const, token: null, csrfToken: 'x' },
      expiresAt: '2126-01-02T03:04:05.000Z',
    } as const;
    await one?.keep(session);
    expect(await two?.find('abc')).toEqual(session);
    await stores[0]?.query(`UPDATE strangler_control.session SET expires_at = clock_timestamp()`);
    expect(await two?.find('abc')).toBeNull();
    await one?.keep({ ...session, digest: 'def' });
    await two?.forget('def');
    expect(await one?.find('def')).toBeNull();
    expect(await stores[0]?.query('SELECT * FROM strangler_control.session')).toEqual([]);
  });
});
