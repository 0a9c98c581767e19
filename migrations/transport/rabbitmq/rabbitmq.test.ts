import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { ConsumeMessage } from 'amqplib';
import pg from 'pg';
import { relayOnce } from '../../relay/relay.ts';
import { BusBed } from '../../testing/bus-bed.ts';
import { eventJsonSchema } from './event.ts';

let bed: BusBed;
beforeEach(async () => {
  bed = await BusBed.open();
}, 60_000);
afterEach(() => bed.close());

const addMakers = (from: number, to: number) =>
  bed.monolith.query(
    `INSERT INTO maker (id, nm) SELECT g, 'm' || g FROM generate_series($1::int, $2::int) g`,
    [from, to],
  );
const makers = async () =>
  (await bed.service.query<{ id: number; name: string }>('SELECT id, name FROM manufacturer ORDER BY id'))
    .rows;
const isStalled = (words: RegExp) => (report: { state: string; detail: string }) =>
  report.state === 'stalled' && words.test(report.detail);

/** Keeps the follower from being written until it is let go; what was published waits on the bus. */
async function holdFollower(): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: bed.databases.urls.service });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM strangler.side FOR UPDATE');
  return async () => {
    await holder.query('ROLLBACK');
    await holder.end();
  };
}

/** Waits until this many messages lie ready in a queue. */
async function untilReady(queue: string, count: number): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while ((await bed.channel.checkQueue(queue)).messageCount < count) {
    if (Date.now() > giveUpAt) throw new Error(`there were never ${count} messages in ${queue}`);
  }
}

describe('order', () => {
  it('is kept for each key under eight writers, and a child never comes before its parent', async () => {
    await bed.keepHistory();
    await bed.service.query(`
      CREATE TABLE seen (at bigserial, id int, name int);
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.seen (id, name) VALUES (NEW.id, NEW.name::int); RETURN NULL; END $$;
      CREATE TRIGGER see AFTER INSERT OR UPDATE ON manufacturer FOR EACH ROW EXECUTE FUNCTION see();`);
    const carrier = bed.carry();
    await bed.monolith.query(`INSERT INTO maker (id, nm) SELECT g, '0' FROM generate_series(1, 5) g`);
    const write = async (writer: number): Promise<void> => {
      const client = new pg.Client({ connectionString: bed.databases.urls.monolith });
      await client.connect();
      for (let i = 1; i <= 40; i++) {
        await client.query('UPDATE maker SET nm = nm::int + 1 WHERE id = $1', [1 + ((i + writer) % 5)]);
        const parent = 100 + writer * 100 + i;
        await client.query('INSERT INTO maker (id, nm) VALUES ($1, 1)', [parent]);
        await client.query('INSERT INTO item (code, maker_id, price) VALUES ($1, $2, 1)', [
          `i${parent}`,
          parent,
        ]);
      }
      await client.end();
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => write(i)));
    await bed.caughtUp(carrier);
    expect(await bed.differences()).toEqual([]);
    const { rows } = await bed.service.query(
      'SELECT id FROM (SELECT id, name, lag(name) OVER (PARTITION BY id ORDER BY at) AS before FROM seen) s WHERE before >= name',
    );
    expect(rows).toEqual([]);
    expect(await bed.history('parked')).toEqual([]);
  });

  it('is kept around a truncation, which comes through a queue like any change', async () => {
    const carrier = bed.carry();
    await bed.monolith.query(
      `INSERT INTO item (id, code, price) SELECT g, 'old' || g, 1 FROM generate_series(1, 50) g`,
    );
    await bed.monolith.query('TRUNCATE item');
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (7, 'new', 1)`);
    await bed.caughtUp(carrier);
    expect(await bed.differences()).toEqual([]);
    // All of it once more, with a row that is younger than the truncation.
    const cut = bed.wire.cutAt('acknowledge');
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (8, 'x', 1)`);
    await bed.monolith.query('TRUNCATE item');
    await bed.monolith.query(`INSERT INTO item (id, code, price) VALUES (9, 'y', 1)`);
    await cut;
    await bed.caughtUp(carrier);
    expect(await bed.differences()).toEqual([]);
  });
});

describe('a follower that refuses whole transactions', () => {
  it('stalls the sync for as long as it does, and the report says why all the time', async () => {
    await bed.service.query(`
      CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no room left' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER deny BEFORE INSERT ON manufacturer FOR EACH ROW EXECUTE FUNCTION deny();`);
    const carrier = bed.carry();
    await addMakers(1, 5);
    await carrier.reports(isStalled(/no room left/));
    for (let i = 0; i < 20; i++) {
      const report = await carrier.reports(() => true);
      expect(report).toMatchObject({ state: 'stalled', detail: 'no room left', lagChanges: 5 });
    }
    await bed.service.query('DROP TRIGGER deny ON manufacturer');
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(5);
  });
});

describe('a connection that breaks', () => {
  it.each(['publish', 'confirm', 'deliver', 'acknowledge'] as const)(
    'at %s loses nothing and doubles nothing',
    async (moment) => {
      const carrier = bed.carry();
      await addMakers(1, 20);
      await bed.caughtUp(carrier);
      const cut = bed.wire.cutAt(moment);
      await addMakers(21, 400);
      await bed.monolith.query(`UPDATE maker SET nm = nm || '!' WHERE id <= 30`);
      await bed.monolith.query(`DELETE FROM maker WHERE id <= 5`);
      await cut;
      await bed.caughtUp(carrier);
      expect(await bed.differences()).toEqual([]);
    },
  );

  it('to a broker that stays away is told in words, and all goes on once it is back', async () => {
    const carrier = bed.carry();
    await addMakers(1, 5);
    await bed.caughtUp(carrier);
    const stalled = carrier.reports(
      isStalled(/^broker 127\.0\.0\.1:\d+ \(virtual host \/\): it cannot be reached/),
    );
    bed.wire.shut();
    await addMakers(6, 10);
    expect((await stalled).detail).not.toContain('guest:guest');
    expect(await makers()).toHaveLength(5);
    bed.wire.open();
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(10);
  });
});

describe('a message that vanishes', () => {
  it('from a queue that is deleted while it is used is published again', async () => {
    const carrier = bed.carry();
    await addMakers(1, 5);
    await bed.caughtUp(carrier);
    for (const i of [0, 1, 2]) await bed.channel.deleteQueue(bed.queue(i));
    await addMakers(6, 20);
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(20);
  });

  it('from a queue that somebody empties is missed: the position never passes it', async () => {
    const carrier = bed.carry({ partitions: 1, prefetch: 1 });
    await addMakers(1, 5);
    await bed.caughtUp(carrier);
    const letGo = await holdFollower();
    await addMakers(6, 500);
    await untilReady(bed.queue(0), 3);
    await bed.channel.purgeQueue(bed.queue(0));
    const stalled = carrier.reports(isStalled(/did not come back/));
    await letGo();
    await stalled;
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(500);
  }, 90_000);
});

describe('two processes on one stream', () => {
  it('take turns: the other one goes on where the first one ends, and nothing is lost or parked', async () => {
    await bed.keepHistory();
    const [first, second] = [bed.carry(), bed.carry()];
    await addMakers(1, 50);
    await Promise.race([bed.caughtUp(first), bed.caughtUp(second)]);
    await Promise.all([first.stop(), addMakers(51, 100)]);
    await bed.caughtUp(second);
    const third = bed.carry();
    await Promise.all([addMakers(101, 150), second.stop()]);
    await bed.caughtUp(third);
    expect(await bed.differences()).toEqual([]);
    expect(await bed.history('parked')).toEqual([]);
  });
});

describe('a change of owner', () => {
  it('carries over what lies on the bus, and what the bus delivers afterwards changes nothing', async () => {
    await bed.keepHistory();
    const carrier = bed.carry();
    await addMakers(1, 20);
    await bed.caughtUp(carrier);
    const held = bed.wire.holdAt('deliver');
    await bed.monolith.query(`UPDATE maker SET nm = 'late' || id`);
    await held;
    const { databases, stream } = bed.databases;
    while ((await relayOnce(stream)) > 0);
    await databases.monolith.raiseFence('catalog', ['maker', 'item'], 1n, 5000);
    await databases.monolith.becomeFollower('catalog', stream.epoch + 1n, 'service catalog');
    await databases.service.becomeOwner(
      'catalog',
      ['manufacturer', 'product', 'stock'],
      stream.epoch + 1n,
      stream.epoch + 1n,
    );
    await bed.service.query(`UPDATE manufacturer SET name = 'of the new owner'`);
    const refused = carrier.reports(isStalled(/moved on/));
    bed.wire.release();
    await refused;
    expect(new Set((await makers()).map(({ name }) => name))).toEqual(new Set(['of the new owner']));
    await carrier.stop();
    await expect(bed.channel.checkQueue(bed.queue(0))).rejects.toThrow(/NOT_FOUND/);
  });

  it('that is taken back never moves the position back, and the bus goes on from there', async () => {
    await bed.keepHistory();
    const carrier = bed.carry();
    await addMakers(1, 20);
    await bed.caughtUp(carrier);
    const held = bed.wire.holdAt('deliver');
    await addMakers(21, 40);
    await held;
    await relayOnce(bed.databases.stream);
    await bed.monolith.query('DELETE FROM maker WHERE id = 1');
    await relayOnce(bed.databases.stream);
    bed.wire.release();
    await addMakers(41, 60);
    await bed.caughtUp(carrier);
    expect(await bed.differences()).toEqual([]);
    const ends = (await bed.history('side')).map((position) => Number(position.split(':')[1]));
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  });
});

describe('an unreadable message', () => {
  it('of somebody else is put aside with the reason, is told, and stops nothing', async () => {
    const carrier = bed.carry();
    await addMakers(1, 5);
    await bed.caughtUp(carrier);
    bed.channel.sendToQueue(bed.queue(1), Buffer.from('{"not":"ours"}'));
    const told = await carrier.reports(
      ({ state, detail }) => state === 'live' && /1 messages .* unreadable/.test(detail),
    );
    expect(told.unreadable).toBe(1);
    await addMakers(6, 20);
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(20);
    const kept = await bed.channel.get(bed.unreadable, { noAck: true });
    expect(kept).toMatchObject({
      content: Buffer.from('{"not":"ours"}'),
      properties: { headers: { queue: bed.queue(1), reason: 'it is of somebody else' } },
    });
  });

  it('in the place of a change is kept, and the change is published again', async () => {
    const { queue: tap } = await bed.channel.assertQueue('', { exclusive: true });
    const carrier = bed.carry();
    await carrier.reports(({ state }) => state === 'live');
    for (const i of [0, 1, 2])
      await bed.channel.bindQueue(tap, `${bed.settings.prefix}.changes`, bed.queue(i));
    const tapped = new Promise<ConsumeMessage | null>((resolve) => void bed.channel.consume(tap, resolve));
    await addMakers(1, 5);
    const { correlationId } = (await tapped)?.properties ?? {};
    const stalled = carrier.reports(isStalled(/cannot be read \(it is not JSON/));
    bed.channel.sendToQueue(bed.queue(0), Buffer.from('{'), { correlationId, headers: { order: '6' } });
    expect((await stalled).unreadable).toBe(1);
    await addMakers(6, 10);
    await bed.caughtUp(carrier);
    expect(await makers()).toHaveLength(10);
    expect((await bed.channel.checkQueue(bed.unreadable)).messageCount).toBe(1);
  });
});

describe('events for others', () => {
  it('fit their schema, come by topic, and keep the order of each key', async () => {
    const ajv = addFormats.default(new Ajv2020());
    const fits = ajv.compile(eventJsonSchema());
    await bed.channel.assertExchange(bed.settings.events ?? '', 'topic', { durable: true });
    const { queue } = await bed.channel.assertQueue('', { exclusive: true });
    await bed.channel.bindQueue(queue, bed.settings.events ?? '', 'catalog.maker.*');
    const carrier = bed.carry();
    await addMakers(1, 3);
    await bed.monolith.query(`UPDATE maker SET nm = E'tab\\t "quoted" \\u00fc'`);
    await bed.monolith.query(`INSERT INTO item (code, price) VALUES ('not asked for', 1)`);
    await bed.monolith.query('DELETE FROM maker WHERE id = 2');
    await bed.caughtUp(carrier);
    await untilReady(queue, 7);
    const sequences = new Map<string, string[]>();
    for (let got = await bed.channel.get(queue); got; got = await bed.channel.get(queue)) {
      expect(got.properties.contentType).toBe('application/cloudevents+json');
      const event = JSON.parse(got.content.toString());
      expect(fits(event) ? null : ajv.errorsText(fits.errors)).toBeNull();
      expect(event.data.table).toBe('maker');
      sequences.set(event.partitionkey, [...(sequences.get(event.partitionkey) ?? []), event.sequence]);
    }
    expect([...sequences.values()].map((each) => each.length)).toEqual([2, 3, 2]);
    for (const each of sequences.values()) expect(each).toEqual(each.toSorted());
  });
});

describe('what is declared', () => {
  it('and exists as another kind is named, with what to do', async () => {
    await bed.channel.assertQueue(bed.queue(1), { durable: true });
    const carrier = bed.carry();
    const { detail } = await carrier.reports(isStalled(/PRECONDITION_FAILED/));
    expect(detail).toContain(`queue "${bed.queue(1)}"`);
    expect(detail).toContain('delete it (what is in it is sent again) or choose another');
  });

  it('goes when the migration is not in sync any more', async () => {
    const carrier = bed.carry();
    await addMakers(1, 3);
    await bed.caughtUp(carrier);
    const { databases, stream } = bed.databases;
    await databases.service.remove('catalog', ['manufacturer', 'product', 'stock'], stream.epoch);
    await carrier.reports(({ state }) => state === 'stalled');
    await carrier.stop();
    await expect(bed.channel.checkQueue(bed.queue(0))).rejects.toThrow(/NOT_FOUND/);
  });

  it('is refused to a wrong password without printing it', async () => {
    const url = bed.settings.url.replace('guest:guest', 'guest:hunter2');
    const { detail } = await bed.carry({ url }).reports(isStalled(/check user, password and virtual host/));
    expect(detail).not.toContain('hunter2');
  });
});
