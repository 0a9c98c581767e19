import { setTimeout as pause } from 'node:timers/promises';
import { relayOnce } from '../../../migrations/relay/relay.ts';
import type { Bed, Server } from './bed.ts';
import { openBed } from './bed.ts';
import type { Finding } from './measure.ts';
import { median, rounded, secondsOf, WARM_UP } from './measure.ts';

const GOAL = 0.5;
const ROWS = 20_000;
const PER_TRANSACTION = 10;
const GIVE_UP_MS = 120_000;

/** How fast a backlog of small transactions reaches the other side, against PostgreSQL's own logical replication. */
export async function benchLive(
  server: Server,
  changes: number,
  rounds: number,
): Promise<{ finding: Finding; changesPerSecond: number }> {
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const peer = changes / (await replicate(server, changes));
    const our = changes / (await relay(server, changes));
    if (round < 0) continue;
    peers.push(peer);
    ours.push(our);
  }
  const [our, peer] = [median(ours), median(peers)];
  return {
    changesPerSecond: our,
    finding: {
      what: `live apply of ${rounded(changes)} updates, ${PER_TRANSACTION} a transaction`,
      value: `${rounded(our)} changes/s`,
      peer: `PostgreSQL's logical replication: ${rounded(peer)} changes/s`,
      ratio: (our / peer).toFixed(2),
      goal: `≥ ${GOAL}`,
      reached: our / peer >= GOAL,
    },
  };
}

async function relay(server: Server, changes: number): Promise<number> {
  const bed = await openBed(server, ROWS);
  await copyRows(bed);
  await bed.install();
  await write(bed, changes);
  const seconds = await secondsOf(async () => {
    while ((await relayOnce(bed.stream)) > 0);
  });
  await expectEqual(bed);
  await bed.close();
  return seconds;
}

/** A subscription within one server needs its slot made beforehand. */
async function replicate(server: Server, changes: number): Promise<number> {
  const bed = await openBed(server, ROWS);
  const slot = `peer_${Date.now()}`;
  await bed.monolith.query('ALTER TABLE item RENAME TO product');
  await bed.monolith.query('CREATE PUBLICATION peer FOR TABLE product');
  await bed.monolith.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
  await copyRows(bed, 'product');
  await write(bed, changes, 'product');
  const seconds = await secondsOf(async () => {
    await bed.service.query(
      `CREATE SUBSCRIPTION peer CONNECTION '${bed.urls.monolith}' PUBLICATION peer
       WITH (create_slot = false, slot_name = '${slot}', copy_data = false)`,
    );
    await untilEqual(bed);
  });
  await bed.service.query('ALTER SUBSCRIPTION peer DISABLE');
  await bed.service.query('ALTER SUBSCRIPTION peer SET (slot_name = NONE)');
  await bed.service.query('DROP SUBSCRIPTION peer');
  await dropSlot(bed, slot);
  await bed.close();
  return seconds;
}

async function copyRows(bed: Bed, table = 'item'): Promise<void> {
  const { rows } = await bed.monolith.query<{ all: string }>(
    `SELECT json_agg(t)::text AS all FROM ${table} t`,
  );
  await bed.service.query(
    'INSERT INTO product SELECT * FROM json_populate_recordset(NULL::product, $1::json)',
    [rows[0]?.all],
  );
}

async function write(bed: Bed, changes: number, table = 'item'): Promise<void> {
  for (let done = 0; done < changes; done += PER_TRANSACTION) {
    const first = (done * 7919) % (ROWS - PER_TRANSACTION);
    await bed.monolith.query(
      `UPDATE ${table} SET qty = $1::int, note = 'change ' || $1::int WHERE id > $2::int AND id <= $2::int + ${PER_TRANSACTION}`,
      [done, first],
    );
  }
}

const SUM = (table: string): string =>
  `SELECT md5(string_agg(t::text, '|' ORDER BY id)) AS sum FROM ${table} t`;

async function isEqual(bed: Bed, table: string): Promise<boolean> {
  const [there, here] = await Promise.all([
    bed.monolith.query<{ sum: string }>(SUM(table)),
    bed.service.query<{ sum: string }>(SUM('product')),
  ]);
  return there.rows[0]?.sum === here.rows[0]?.sum;
}

async function expectEqual(bed: Bed): Promise<void> {
  if (!(await isEqual(bed, 'item'))) throw new Error('the two sides differ after the relay');
}

/** Looks at the last written row first: comparing everything all the time would slow the peer down. */
async function untilEqual(bed: Bed): Promise<void> {
  const { rows } = await bed.monolith.query<{ qty: number }>('SELECT max(qty) AS qty FROM product');
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (;;) {
    const last = await bed.service.query('SELECT FROM product WHERE qty = $1 LIMIT 1', [rows[0]?.qty]);
    if (last.rowCount && (await isEqual(bed, 'product'))) return;
    if (Date.now() > giveUpAt) throw new Error('the peer did not catch up');
    await pause(5);
  }
}

async function dropSlot(bed: Bed, slot: string): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  for (;;) {
    const { rowCount } = await bed.monolith.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active',
      [slot],
    );
    if (rowCount) return;
    if (Date.now() > giveUpAt) throw new Error(`the slot ${slot} is still in use`);
    await pause(50);
  }
}
