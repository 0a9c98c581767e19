import { INITIAL } from '../ledger.ts';
import { NotDoneError } from '../not-done.ts';
import { argOf, inWordsOf, numbers, type Named, type Workload, valuesOf } from './workload.ts';

const SEATS = 30;

const NAMES: Named = {
  monolith: { seat: 'seat', id: 'seat_no', holder: 'holder', state: 'stat' },
  service: { seat: 'place', id: 'number', holder: 'held_by', state: 'state' },
};

/**
 * Two rows exchange a value that is unique, by way of a third value. Each side stamps a row once, by itself: a row that is
 * updated keeps what the other side does not know.
 */
export const swap: Workload = {
  name: 'swap',
  share: 3,
  schema: {
    monolith: `CREATE TABLE seat (seat_no integer PRIMARY KEY, holder varchar(40) NOT NULL UNIQUE, stat char(1) NOT NULL, op varchar(40) NOT NULL,
      stamp text NOT NULL DEFAULT {uuid});`,
    service: `CREATE TABLE place (number integer PRIMARY KEY, held_by varchar(40) NOT NULL UNIQUE, state varchar(8) NOT NULL, op varchar(40) NOT NULL,
      stamp text NOT NULL DEFAULT {uuid});`,
  },
  tables: { monolith: ['seat'], service: ['place'] },
  pairs: [
    {
      from: 'seat',
      to: 'place',
      key: { seat_no: 'number' },
      columns: {
        holder: 'held_by',
        stat: { to: 'state', convert: 'enum', values: { A: 'active', X: 'gone' } },
        op: 'op',
      },
    },
  ],
  async fill(sql) {
    const { marks, values } = valuesOf(numbers(SEATS).map((id) => [id, `holder ${id}`, 'A', INITIAL]));
    await sql(`INSERT INTO seat (seat_no, holder, stat, op) VALUES ${marks}`, ...values);
    return numbers(SEATS).map((id) => ({ key: String(id), does: 'write' }));
  },
  next(random, op) {
    const first = 1 + random.below(SEATS - 1);
    const second = first + 1 + random.below(SEATS - first);
    return { op, workload: 'swap', kind: 'swap', args: [first, second] };
  },
  effects: (write) => write.args.map((id) => ({ key: String(id), does: 'write' })),
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const [first, second] = [argOf(write, 0), argOf(write, 1)];
    const { rows } = await sql(
      words(
        'SELECT {id} AS id, {holder} AS holder FROM {seat} WHERE {id} IN (?, ?) ORDER BY {id} FOR UPDATE',
      ),
      first,
      second,
    );
    const [one, two] = rows;
    if (!one || !two) throw new NotDoneError('a seat is not there');
    const seat = (id: number, holder: string | null) =>
      sql(words('UPDATE {seat} SET {holder} = ?, op = ? WHERE {id} = ?'), holder, write.op, id);
    await seat(first, `between ${write.op}`);
    await seat(second, one.holder ?? null);
    await seat(first, two.holder ?? null);
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(words('SELECT {id} AS id, {holder} AS holder, op, stamp FROM {seat}'));
    const holders = new Set(rows.map((row) => row.holder));
    return {
      registers: new Map(rows.map((row) => [row.id ?? '', row.op ?? ''])),
      own: new Map(rows.map((row) => [row.id ?? '', row.stamp ?? ''])),
      faults: numbers(SEATS)
        .map((id) => `holder ${id}`)
        .filter((holder) => !holders.has(holder))
        .map((holder) => ({ kind: 'lost', key: holder, what: 'sits nowhere' })),
    };
  },
};
