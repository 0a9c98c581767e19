import { NotDoneError } from '../not-done.ts';
import { argOf, inWordsOf, numbers, type Named, type Workload, valuesOf } from './workload.ts';

const BATCHES = 8;
const ROWS = 120;

const NAMES: Named = {
  monolith: { bulk: 'bulk', batch: 'btch', n: 'n' },
  service: { bulk: 'bulk_row', batch: 'batch', n: 'place' },
};

/** One statement writes a hundred rows: all of them arrive, or none. */
export const bulk: Workload = {
  name: 'bulk',
  share: 1,
  schema: {
    monolith: 'CREATE TABLE bulk (btch integer, n integer, op varchar(40) NOT NULL, PRIMARY KEY (btch, n));',
    service:
      'CREATE TABLE bulk_row (batch integer, place integer, op varchar(40) NOT NULL, PRIMARY KEY (batch, place));',
  },
  tables: { monolith: ['bulk'], service: ['bulk_row'] },
  pairs: [{ from: 'bulk', to: 'bulk_row', key: { btch: 'batch', n: 'place' }, columns: { op: 'op' } }],
  fill: async () => [],
  next: (random, op) => ({
    op,
    workload: 'bulk',
    kind: random.pick(['fill', 'fill', 'touch', 'touch', 'clear']),
    args: [1 + random.below(BATCHES)],
  }),
  effects: (write) => [{ key: String(argOf(write, 0)), does: write.kind === 'clear' ? 'delete' : 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const batch = argOf(write, 0);
    if (write.kind === 'fill') {
      const { marks, values } = valuesOf(numbers(ROWS).map((n) => [batch, n, write.op]));
      return void (await sql(words(`INSERT INTO {bulk} ({batch}, {n}, op) VALUES ${marks}`), ...values));
    }
    // Row after row, two statements over the same batch could each win some of them.
    await sql(words('SELECT {n} FROM {bulk} WHERE {batch} = ? ORDER BY {n} FOR UPDATE'), batch);
    const { count } =
      write.kind === 'touch'
        ? await sql(words('UPDATE {bulk} SET op = ? WHERE {batch} = ?'), write.op, batch)
        : await sql(words('DELETE FROM {bulk} WHERE {batch} = ?'), batch);
    if (count === 0) throw new NotDoneError('the batch is empty');
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(
      words('SELECT {batch} AS id, op, count(*) AS n FROM {bulk} GROUP BY {batch}, op'),
    );
    return {
      registers: new Map(rows.map((row) => [row.id ?? '', row.op ?? ''])),
      faults: rows
        .filter((row) => row.n !== String(ROWS))
        .map((row) => ({
          kind: 'lost',
          key: row.id ?? '',
          what: `${row.n} of ${ROWS} rows are of ${row.op}`,
        })),
    };
  },
};
