import { INITIAL } from '../ledger.ts';
import { NotDoneError } from '../not-done.ts';
import { argOf, inWordsOf, numbers, type Named, type Workload, valuesOf } from './workload.ts';

const HOLDERS = 30;
const CODES = 60;

const NAMES: Named = {
  monolith: { tag: 'tag', code: 'cd', holder: 'holder' },
  service: { tag: 'label', code: 'code', holder: 'owner_no' },
};

/** Keys change: each holder has one row, whose key moves to another code. */
export const rename: Workload = {
  name: 'rename',
  share: 3,
  schema: {
    monolith:
      'CREATE TABLE tag (cd varchar(20) PRIMARY KEY, holder integer NOT NULL, op varchar(40) NOT NULL);',
    service:
      'CREATE TABLE label (code varchar(20) PRIMARY KEY, owner_no integer NOT NULL, op varchar(40) NOT NULL);',
  },
  tables: { monolith: ['tag'], service: ['label'] },
  pairs: [{ from: 'tag', to: 'label', key: { cd: 'code' }, columns: { holder: 'owner_no', op: 'op' } }],
  async fill(sql) {
    const { marks, values } = valuesOf(numbers(HOLDERS).map((id) => [`code ${id}`, id, INITIAL]));
    await sql(`INSERT INTO tag (cd, holder, op) VALUES ${marks}`, ...values);
    return numbers(HOLDERS).map((id) => ({ key: String(id), does: 'write' }));
  },
  next: (random, op) => ({
    op,
    workload: 'rename',
    kind: 'rename',
    args: [1 + random.below(HOLDERS), 1 + random.below(CODES)],
  }),
  effects: (write) => [{ key: String(argOf(write, 0)), does: 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const { count } = await sql(
      words('UPDATE {tag} SET {code} = ?, op = ? WHERE {holder} = ?'),
      `code ${argOf(write, 1)}`,
      write.op,
      argOf(write, 0),
    );
    if (count === 0) throw new NotDoneError('the holder has nothing');
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(words('SELECT {holder} AS id, {code} AS code, op FROM {tag}'));
    const doubled = [...Map.groupBy(rows, (row) => row.id ?? '')].filter(([, of]) => of.length > 1);
    return {
      registers: new Map(rows.map((row) => [row.id ?? '', row.op ?? ''])),
      faults: doubled.map(([key, of]) => ({
        kind: 'doubled',
        key,
        what: `has ${of.map((row) => `${row.code} of ${row.op}`).join(' and ')}`,
      })),
    };
  },
};
