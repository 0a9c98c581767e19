import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { relayOnce } from '../relay/relay.ts';
import type { TwoDatabases } from '../testing/two-databases.ts';
import { streamFrom } from './capability.ts';
import type { ChangeOwnerContext, Member, OwnerChangeOrder } from './change-owner.ts';
import { changeOwner, resumeChange } from './change-owner.ts';
import { backfill } from '../backfill/backfill.ts';
import { Coordinator } from './coordinator.ts';
import { JournalFollower } from './follow.ts';
import { fenceOldOwner, liftFence } from './hand-over.ts';
import type { ChangeState, Effect } from './protocol.ts';
import type { ControlStore } from './store.ts';
import type { CanaryBed } from './testing/canary-bed.ts';
import { canaryBed, FORWARD } from './testing/canary-bed.ts';

let canary: CanaryBed;
let bed: TwoDatabases;
let store: ControlStore;
let journal: JournalFollower;
/** Emits each effect as it begins. */
let steps: EventEmitter;

beforeEach(async () => {
  canary = await canaryBed();
  ({ bed, store, journal } = canary);
  steps = new EventEmitter();
});
afterEach(() => canary.close());

const context = (): ChangeOwnerContext => ({
  store,
  journal,
  observe: (effect: Effect) => void steps.emit(effect),
});
const member = (order: OwnerChangeOrder): Member => ({
  ...{ order, ground: bed.synced, synced: bed.synced },
  seq: journal.state('catalog').seq,
});
const cutOff = (of = journal) => [{ state: of.state('catalog'), ground: bed.synced }];
const forward = FORWARD;
const back: OwnerChangeOrder = {
  ...forward,
  verb: 'rollback',
  from: 'extracted',
  to: 'shadow',
  epoch: 1,
  newEpoch: 2,
  oldOwner: 'service',
};
const by = (newEpoch: number) => ({ oldOwner: 'monolith', epoch: 0, newEpoch }) as const;
const at = (effect: Effect): Promise<unknown> => once(steps, effect);
const serviceNames = async () =>
  (await bed.service.query<{ name: string }>('SELECT name FROM manufacturer ORDER BY id')).rows.map(
    (r) => r.name,
  );
const monolithNames = async () =>
  (await bed.monolith.query<{ nm: string }>('SELECT nm FROM maker ORDER BY id')).rows.map((r) => r.nm);
const roles = async () =>
  [await bed.databases.monolith.sideState('catalog'), await bed.databases.service.sideState('catalog')].map(
    (side) => `${side?.role} ${side?.epoch}`,
  );

async function run(order: OwnerChangeOrder): Promise<ChangeState> {
  return changeOwner(context(), [member(order)]);
}

describe('a cutover', () => {
  it('moves the writes to the service, and the monolith follows from then on', async () => {
    expect(await run(forward)).toMatchObject({ result: 'completed', reason: null });
    expect(await roles()).toEqual(['follower 1', 'owner 1']);
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('from the service')`);
    await relayOnce(streamFrom(bed.synced, 'service', 1));
    expect(await monolithNames()).toEqual(['a', 'b', 'from the service']);
    expect(journal.state('catalog')).toMatchObject({
      stage: 'extracted',
      owner: 'service',
      epoch: 1,
      change: null,
    });
  });

  it('and its rollback lose nothing and give out no identity twice', async () => {
    await run(forward);
    await bed.service.query(`INSERT INTO manufacturer (name) VALUES ('c')`);
    expect(await run(back)).toMatchObject({ result: 'completed' });
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('d')`);
    await relayOnce(streamFrom(bed.synced, 'monolith', 2));
    expect(await monolithNames()).toEqual(['a', 'b', 'c', 'd']);
    expect(await serviceNames()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('raises the sequences above ids that the old owner gave out and took back', async () => {
    await bed.monolith.query('BEGIN');
    await bed.monolith.query(`INSERT INTO maker (nm) SELECT 'x' FROM generate_series(1, 40)`);
    await bed.monolith.query('ROLLBACK');
    await run(forward);
    const { rows } = await bed.service.query<{ id: number }>(
      `INSERT INTO manufacturer (name) VALUES ('n') RETURNING id`,
    );
    expect(rows[0]?.id).toBeGreaterThan(42);
  });
});

describe('a write past the proxy', () => {
  it('that is running when the fence is asked for is carried over: the barrier comes after the fence', async () => {
    const stray = await bed.connect('monolith');
    await stray.query('BEGIN');
    await stray.query(`INSERT INTO maker (nm) VALUES ('still running')`);
    const fencing = at('raise-fence');
    const running = run(forward);
    await fencing;
    await lockIsAwaited();
    await stray.query('COMMIT');
    expect(await running).toMatchObject({ result: 'completed' });
    expect(await serviceNames()).toEqual(['a', 'b', 'still running']);
  });

  it('that does not end in time has the move taken back, and goes through at the old owner', async () => {
    const stray = await bed.connect('monolith');
    await stray.query('BEGIN');
    await stray.query(`INSERT INTO maker (nm) VALUES ('slow')`);
    expect(await run(forward)).toMatchObject({
      result: 'aborted',
      late: true,
      reason: expect.stringContaining('did not end within'),
    });
    await stray.query('COMMIT');
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('after')`);
    expect(await roles()).toEqual(['owner 0', 'follower 0']);
    expect(journal.state('catalog')).toMatchObject({
      stage: 'canary',
      owner: 'monolith',
      epoch: 0,
      change: null,
    });
  });

  it('is refused after the cutover with words about who owns the table now', async () => {
    await run(forward);
    await expect(bed.monolith.query(`UPDATE maker SET nm = 'stray'`)).rejects.toThrow(
      'table public.maker is fenced: migration "catalog" is owned by service catalog since epoch 1',
    );
    await expect(bed.monolith.query('DELETE FROM item; DELETE FROM maker')).rejects.toThrow('is fenced');
  });

  it('is refused in a REPEATABLE READ transaction that began before the fence', async () => {
    const old = await bed.connect('monolith');
    await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await old.query('SELECT count(*) FROM strangler.side');
    await run(forward);
    await expect(old.query(`UPDATE maker SET nm = 'stray'`)).rejects.toThrow('is fenced');
  });

  it('is refused from a session that replays replication', async () => {
    await run(forward);
    await bed.monolith.query(`SET session_replication_role = replica`);
    await expect(bed.monolith.query(`UPDATE maker SET nm = 'stray'`)).rejects.toThrow('is fenced');
  });

  it('into the service is refused as long as the monolith owns the tables', async () => {
    await expect(bed.service.query(`INSERT INTO manufacturer (name) VALUES ('early')`)).rejects.toThrow(
      'is owned by monolith since epoch 0',
    );
  });
});

describe('two coordinators', () => {
  it('a coordinator that slept through its own abort can neither decide nor fence', async () => {
    const paused = pausedAt('drain');
    const sleeper = changeOwner({ ...context(), observe: paused.observe }, [member(forward)]);
    await paused.reached;
    await journal.refresh();
    const second = await JournalFollower.start(store);
    const taken = await resumeChange({ ...context(), journal: second }, cutOff(second), 'second');
    expect(taken.result).toBe('aborted');
    paused.goOn();
    expect(await sleeper).toMatchObject({ result: 'superseded' });
    expect(await roles()).toEqual(['owner 0', 'follower 0']);
    await expect(bed.databases.monolith.raiseFence('catalog', ['maker', 'item'], 1n, 500)).rejects.toThrow(
      /wanted owner before attempt 1, found owner at epoch 0, attempt 1/,
    );
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('goes on')`);
    await second.close();
  });

  it('that start the same cutover at once: one wins, the other is told, and the owner changes once', async () => {
    const others = await Promise.all([JournalFollower.start(store), JournalFollower.start(store)]);
    const coordinators = others.map(
      (follower) =>
        new Coordinator({
          store,
          journal: follower,
          capabilities: { byName: new Map([['catalog', bed.capability]]) },
          shadowOf: async () => null,
          isLeading: () => true,
        }),
    );
    await store.report('verify:catalog', {
      state: 'done',
      epoch: 0,
      owner: 'monolith',
      at: new Date().toISOString(),
      rowsCompared: 1,
      differences: 0,
      unsettled: 0,
      repaired: 0,
    });
    await backfill(bed.stream, {
      observe: () => undefined,
      signal: new AbortController().signal,
    });
    const results = await Promise.allSettled(
      coordinators.map((coordinator, i) =>
        coordinator.move('catalog', { verb: 'cutover', weight: 0, actor: `person ${i}`, reason: null }),
      ),
    );
    const outcomes = results.map((result) =>
      result.status === 'fulfilled'
        ? result.value.done
          ? 'done'
          : result.value.detail
        : String(result.reason),
    );
    expect(outcomes).toContain('done');
    expect(outcomes.find((outcome) => outcome !== 'done')).toMatch(/person \d/);
    expect(await roles()).toEqual(['follower 1', 'owner 1']);
    await Promise.all(others.map((follower) => follower.close()));
  });

  it('that are given the same order by the same person at once take it for two: the second is told, and the first goes on', async () => {
    const same = member(forward);
    const paused = pausedAt('await-held');
    const first = changeOwner({ ...context(), observe: paused.observe }, [same]);
    await paused.reached;
    const other = await JournalFollower.start(store);
    expect(await changeOwner({ ...context(), journal: other }, [same])).toMatchObject({
      result: 'superseded',
      reason: expect.stringContaining('test wrote "cutover-started"'),
    });
    paused.goOn();
    expect(await first).toMatchObject({ result: 'completed' });
    expect(await roles()).toEqual(['follower 1', 'owner 1']);
    const kinds = (await store.entries()).map(({ kind }) => kind);
    expect(kinds.slice(1)).toEqual(['cutover-started', 'owner-changed', 'writes-released']);
    await other.close();
  });

  it('a late lift of one attempt does not lower the fence of the next', async () => {
    await fenceOldOwner(bed.synced, by(1), 1000);
    await liftFence(bed.synced, by(1));
    await fenceOldOwner(bed.synced, by(2), 1000);
    await expect(liftFence(bed.synced, by(1))).rejects.toThrow('moved on');
    await expect(bed.monolith.query(`INSERT INTO maker (nm) VALUES ('stray')`)).rejects.toThrow('is fenced');
  });

  it('a sync process that was stopped in the middle of a transaction does not keep a move from ending', async () => {
    await bed.monolith.query(`INSERT INTO maker (nm) VALUES ('on its way')`);
    const stopped = await bed.connect('service');
    await stopped.query('BEGIN');
    await stopped.query('SELECT FROM strangler.side FOR UPDATE');
    expect(await run(forward)).toMatchObject({ result: 'aborted', late: true });
    await stopped.query('ROLLBACK');
    expect(await roles()).toEqual(['owner 0', 'follower 0']);
  });

  it('a late abort cannot give the tables back after the owner has changed', async () => {
    await run(forward);
    await expect(liftFence(bed.synced, by(1))).rejects.toThrow('moved on');
    expect(await roles()).toEqual(['follower 1', 'owner 1']);
  });
});

describe('a crash', () => {
  it.each<[Effect, string]>([
    ['await-held', 'owner 0|follower 0'],
    ['raise-fence', 'owner 0|follower 0'],
    ['drain', 'owner 0|follower 0'],
    ['settle', 'owner 0|follower 0'],
    ['open', 'follower 1|owner 1'],
    ['journal-released', 'follower 1|owner 1'],
  ])('right before %s leaves one legal next step, and it is taken', async (effect, expected) => {
    const paused = pausedAt(effect);
    void changeOwner({ ...context(), observe: paused.observe }, [member(forward)]).catch(() => undefined);
    await paused.reached; // it never goes on: that coordinator is dead
    await journal.refresh();
    const end = await resumeChange(context(), cutOff(), 'resume');
    expect(end.result).toBe(expected.startsWith('owner 0') ? 'aborted' : 'completed');
    expect((await roles()).join('|')).toBe(expected);
    expect(journal.state('catalog').change).toBeNull();
    const owner = expected.startsWith('owner 0') ? bed.monolith : bed.service;
    const table = expected.startsWith('owner 0') ? 'maker (nm)' : 'manufacturer (name)';
    await owner.query(`INSERT INTO ${table} VALUES ('writes go on')`);
  });
});

/** Stops a coordinator for good right before an effect, unless it is told to go on. */
function pausedAt(effect: Effect): {
  observe: (e: Effect) => Promise<void> | undefined;
  reached: Promise<void>;
  goOn: () => void;
} {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  let goOn: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let isPaused = false;
  const observe = (seen: Effect): Promise<void> | undefined => {
    if (seen !== effect || isPaused) return undefined;
    isPaused = true;
    reach();
    return gate;
  };
  return { observe: observe, reached, goOn: () => goOn() };
}

async function lockIsAwaited(): Promise<void> {
  for (;;) {
    const { rows } = await bed.monolith.query<{ n: string }>(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%LOCK TABLE %' AND datname = current_database()`,
    );
    if (rows[0]?.n !== '0') return;
  }
}
