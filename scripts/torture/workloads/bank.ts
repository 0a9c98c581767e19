import { NotDoneError } from '../not-done.ts';
import { argOf, inWordsOf, numbers, type Named, type Workload, valuesOf } from './workload.ts';

const ACCOUNTS = 16;
const START = 100_000;

/** The monolith counts in whole units with two digits behind the point, the service in the minor ones. */
const UNITS = { monolith: 100, service: 1 };

const NAMES: Named = {
  monolith: {
    current: 'acct',
    saving: 'sav_acct',
    id: 'acct_no',
    balance: 'bal',
    transfer: 'xfer',
  },
  service: {
    current: 'current_account',
    saving: 'savings',
    id: 'id',
    balance: 'minor',
    transfer: 'transfer',
  },
};

const schemaOf = (side: 'monolith' | 'service'): string => {
  const money = side === 'monolith' ? 'numeric(14,2)' : 'bigint';
  return inWordsOf(
    NAMES,
    side,
  )(`
    CREATE TABLE {current} ({id} integer PRIMARY KEY, {balance} ${money} NOT NULL);
    CREATE TABLE {saving} ({id} integer PRIMARY KEY, {balance} ${money} NOT NULL);
    CREATE TABLE {transfer} (
      op varchar(40) PRIMARY KEY, source integer NOT NULL, target integer NOT NULL, amount integer NOT NULL,
      FOREIGN KEY (source) REFERENCES {current} ({id}), FOREIGN KEY (target) REFERENCES {saving} ({id}));`);
};

/** Transfers between accounts of two tables. The sum never changes, and each balance is what its transfers make it. */
export const bank: Workload = {
  name: 'bank',
  share: 5,
  schema: { monolith: schemaOf('monolith'), service: schemaOf('service') },
  tables: { monolith: ['xfer', 'acct', 'sav_acct'], service: ['transfer', 'current_account', 'savings'] },
  pairs: [
    {
      from: 'acct',
      to: 'current_account',
      key: { acct_no: 'id' },
      columns: { bal: { to: 'minor', convert: 'money', scale: 2, fits: true } },
    },
    {
      from: 'sav_acct',
      to: 'savings',
      key: { acct_no: 'id' },
      columns: { bal: { to: 'minor', convert: 'money', scale: 2, fits: true } },
    },
    {
      from: 'xfer',
      to: 'transfer',
      key: { op: 'op' },
      columns: { source: 'source', target: 'target', amount: 'amount' },
    },
  ],
  async fill(sql) {
    for (const table of ['acct', 'sav_acct']) {
      const { marks, values } = valuesOf(numbers(ACCOUNTS).map((id) => [id, START / 100]));
      await sql(`INSERT INTO ${table} (acct_no, bal) VALUES ${marks}`, ...values);
    }
    return [];
  },
  next(random, op) {
    // Both ways: a negative amount comes back.
    const amount = (1 + random.below(500)) * (random.below(2) === 0 ? 1 : -1);
    const args = [1 + random.below(ACCOUNTS), 1 + random.below(ACCOUNTS), amount];
    return { op, workload: 'bank', kind: 'transfer', args };
  },
  effects: (write) => [{ key: write.op, does: 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const [from, to, amount] = [argOf(write, 0), argOf(write, 1), argOf(write, 2)];
    const book = (table: string, id: number, by: number) =>
      sql(
        words(`UPDATE {${table}} SET {balance} = {balance} + CAST(? AS decimal(14, 2)) WHERE {id} = ?`),
        by / UNITS[side],
        id,
      );
    const { count } = await book('current', from, -amount);
    if (count === 0) throw new NotDoneError(`there is no account ${from}`);
    await book('saving', to, amount);
    await sql(
      words('INSERT INTO {transfer} (op, source, target, amount) VALUES (?, ?, ?, ?)'),
      write.op,
      from,
      to,
      amount,
    );
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows } = await sql(words('SELECT op, source, target, amount FROM {transfer}'));
    const balances = async (table: string, sign: number, end: 'source' | 'target') => {
      const found = await sql(words(`SELECT {id} AS id, {balance} AS balance FROM {${table}}`));
      const expected = new Map(numbers(ACCOUNTS).map((id) => [String(id), START]));
      for (const row of rows) {
        const id = row[end] ?? '';
        expected.set(id, (expected.get(id) ?? 0) + sign * Number(row.amount));
      }
      const minor = new Map(
        found.rows.map((row) => [row.id ?? '', Math.round(Number(row.balance) * UNITS[side])]),
      );
      return [...expected]
        .filter(([id, sum]) => minor.get(id) !== sum)
        .map(([id, sum]) => ({
          kind: 'lost' as const,
          key: `${table} ${id}`,
          what: `the balance is ${minor.get(id) ?? 'not there'}, its transfers make ${sum}`,
        }));
    };
    return {
      registers: new Map(rows.map((row) => [row.op ?? '', row.op ?? ''])),
      faults: [...(await balances('current', -1, 'source')), ...(await balances('saving', 1, 'target'))],
    };
  },
};
