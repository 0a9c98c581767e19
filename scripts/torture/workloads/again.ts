import { INITIAL } from '../ledger.ts';
import { NotDoneError } from '../not-done.ts';
import {
  argOf,
  inserted,
  inWordsOf,
  numbers,
  onDouble,
  type Named,
  type Workload,
  valuesOf,
} from './workload.ts';

/** Enough rows for several chunks of the first copy, so that writes and faults fall between and into them. */
const FILLED = 9000;
/** These come again and again; the rest are touched now and then. */
const BUSY = 60;

const OFTEN = ['put', 'put', 'delete', 'renew'] as const;
const SELDOM = ['delete', 'delete', 'put'] as const;

const NAMES: Named = {
  monolith: { token: 'tokn', id: 'tokn_id', body: 'bdy' },
  service: { token: 'token', id: 'id', body: 'body' },
};

const bodyOf = (op: string): string => `body of ${op}`;

/** Rows are deleted and inserted again under the same key: in one transaction, and over several. */
export const again: Workload = {
  name: 'again',
  share: 6,
  schema: {
    monolith: 'CREATE TABLE tokn (tokn_id integer PRIMARY KEY, bdy text NOT NULL, op varchar(40) NOT NULL);',
    service: 'CREATE TABLE token (id integer PRIMARY KEY, body text NOT NULL, op varchar(40) NOT NULL);',
  },
  tables: { monolith: ['tokn'], service: ['token'] },
  pairs: [
    {
      from: 'tokn',
      to: 'token',
      key: { tokn_id: 'id' },
      columns: { bdy: { to: 'body', fits: true }, op: 'op' },
    },
  ],
  async fill(sql) {
    for (let first = 1; first <= FILLED; first += 3000) {
      const { marks, values } = valuesOf(numbers(3000, first).map((id) => [id, bodyOf(INITIAL), INITIAL]));
      await sql(`INSERT INTO tokn (tokn_id, bdy, op) VALUES ${marks}`, ...values);
    }
    return numbers(FILLED).map((id) => ({ key: String(id), does: 'write' }));
  },
  next(random, op) {
    // A row that comes again at once hides that a copy brought it back, so most of those that are touched seldom go.
    const isSeldom = random.below(3) === 0;
    const id = 1 + random.below(isSeldom ? FILLED : BUSY);
    const kinds = isSeldom ? SELDOM : OFTEN;
    return { op, workload: 'again', kind: random.pick(kinds), args: [id] };
  },
  effects: (write) => [{ key: String(argOf(write, 0)), does: write.kind === 'delete' ? 'delete' : 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const id = argOf(write, 0);
    const put = () =>
      sql(
        words(`INSERT INTO {token} ({id}, {body}, op) VALUES (?, ?, ?) ${onDouble(sql, '{id}')}
          {body} = ${inserted(sql, '{body}')}, op = ${inserted(sql, 'op')}`),
        id,
        bodyOf(write.op),
        write.op,
      );
    if (write.kind === 'put') return void (await put());
    const { count } = await sql(words('DELETE FROM {token} WHERE {id} = ?'), id);
    if (count === 0) throw new NotDoneError('it is not there');
    if (write.kind === 'renew') await put();
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(words('SELECT {id} AS id, {body} AS body, op FROM {token}'));
    return {
      registers: new Map(rows.map((row) => [row.id ?? '', row.op ?? ''])),
      faults: rows
        .filter((row) => !(row.body ?? '').endsWith(bodyOf(row.op ?? '')))
        .map((row) => ({
          kind: 'difference',
          key: row.id ?? '',
          what: `"${row.body}" was written by ${row.op}`,
        })),
    };
  },
};
