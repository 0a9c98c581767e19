import { argOf, inserted, inWordsOf, numbers, onDouble, type Named, type Workload } from './workload.ts';

const KEYS = 40;

const NAMES: Named = {
  monolith: { scratch: 'scratch', id: 'id' },
  service: { scratch: 'draft', id: 'number' },
};

/** Rows come and go, and now and then TRUNCATE takes all of them; in MySQL, a DELETE without a condition. */
export const truncate: Workload = {
  name: 'truncate',
  share: 2,
  schema: {
    monolith: 'CREATE TABLE scratch (id integer PRIMARY KEY, op varchar(40) NOT NULL);',
    service: 'CREATE TABLE draft (number integer PRIMARY KEY, op varchar(40) NOT NULL);',
  },
  tables: { monolith: ['scratch'], service: ['draft'] },
  pairs: [{ from: 'scratch', to: 'draft', key: { id: 'number' }, columns: { op: 'op' } }],
  fill: async () => [],
  next: (random, op) =>
    random.below(25) === 0
      ? { op, workload: 'truncate', kind: 'truncate', args: [] }
      : { op, workload: 'truncate', kind: 'put', args: [1 + random.below(KEYS)] },
  effects: (write) =>
    write.kind === 'truncate'
      ? numbers(KEYS).map((id) => ({ key: String(id), does: 'delete' }))
      : [{ key: String(argOf(write, 0)), does: 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    if (write.kind === 'truncate') {
      // In MySQL no trigger sees a TRUNCATE, and our documentation says so: there, a DELETE empties the table.
      return void (await sql(
        words(sql.dialect === 'postgres' ? 'TRUNCATE {scratch}' : 'DELETE FROM {scratch}'),
      ));
    }
    await sql(
      words(
        `INSERT INTO {scratch} ({id}, op) VALUES (?, ?) ${onDouble(sql, '{id}')} op = ${inserted(sql, 'op')}`,
      ),
      argOf(write, 0),
      write.op,
    );
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(words('SELECT {id} AS id, op FROM {scratch}'));
    return { registers: new Map(rows.map((row) => [row.id ?? '', row.op ?? ''])), faults: [] };
  },
};
