import { NotDoneError } from '../not-done.ts';
import { argOf, inWordsOf, numbers, type Named, type Workload } from './workload.ts';

const PARENTS = 50;
const CHILDREN = 3;

const NAMES: Named = {
  monolith: { parent: 'par', id: 'par_id', child: 'kid', childId: 'kid_id', n: 'n' },
  service: { parent: 'parent', id: 'id', child: 'child', childId: 'id', n: 'place' },
};

/**
 * Parents with children that point to them, born and gone in one transaction. The children's keys come from the
 * database, so those that a new owner gives out must not be there already. The service keeps a parent in two tables.
 */
export const family: Workload = {
  name: 'family',
  share: 4,
  schema: {
    monolith: `
      CREATE TABLE par (par_id integer PRIMARY KEY, op varchar(40) NOT NULL, note varchar(60) NOT NULL DEFAULT '');
      CREATE TABLE kid (
        kid_id {identity} PRIMARY KEY, par_id integer NOT NULL, n integer NOT NULL, op varchar(40) NOT NULL,
        FOREIGN KEY (par_id) REFERENCES par (par_id));`,
    service: `
      CREATE TABLE parent (id integer PRIMARY KEY, op varchar(40) NOT NULL);
      CREATE TABLE parent_note (
        parent_id integer PRIMARY KEY, note varchar(60) NOT NULL DEFAULT '',
        FOREIGN KEY (parent_id) REFERENCES parent (id));
      CREATE TABLE child (
        id {identity} PRIMARY KEY, parent_id integer NOT NULL, place integer NOT NULL, op varchar(40) NOT NULL,
        FOREIGN KEY (parent_id) REFERENCES parent (id));`,
  },
  tables: { monolith: ['kid', 'par'], service: ['child', 'parent_note', 'parent'] },
  pairs: [
    { from: 'par', to: 'parent', key: { par_id: 'id' }, columns: { op: 'op' } },
    { from: 'par', to: 'parent_note', key: { par_id: 'parent_id' }, columns: { note: 'note' } },
    {
      from: 'kid',
      to: 'child',
      key: { kid_id: 'id' },
      columns: { par_id: 'parent_id', n: 'place', op: 'op' },
    },
  ],
  fill: async () => [],
  next(random, op) {
    const kind = random.pick(['birth', 'birth', 'gone', 'touch']);
    return { op, workload: 'family', kind, args: [1 + random.below(PARENTS)] };
  },
  effects: (write) => [{ key: String(argOf(write, 0)), does: write.kind === 'gone' ? 'delete' : 'write' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const isSplit = side === 'service';
    const id = argOf(write, 0);
    const note = `note of ${write.op}`;
    if (write.kind === 'birth') {
      await (isSplit
        ? sql('INSERT INTO parent (id, op) VALUES (?, ?)', id, write.op)
        : sql('INSERT INTO par (par_id, op, note) VALUES (?, ?, ?)', id, write.op, note));
      if (isSplit) await sql('INSERT INTO parent_note (parent_id, note) VALUES (?, ?)', id, note);
      const parent = isSplit ? 'parent_id' : 'par_id';
      for (const n of numbers(CHILDREN)) {
        await sql(words(`INSERT INTO {child} (${parent}, {n}, op) VALUES (?, ?, ?)`), id, n, write.op);
      }
      return;
    }
    const { rows } = await sql(words('SELECT {id} FROM {parent} WHERE {id} = ? FOR UPDATE'), id);
    if (rows.length === 0) throw new NotDoneError('it is not there');
    const parent = isSplit ? 'parent_id' : 'par_id';
    if (write.kind === 'touch') {
      await sql(words(`UPDATE {child} SET op = ? WHERE ${parent} = ?`), write.op, id);
      if (isSplit) await sql('UPDATE parent_note SET note = ? WHERE parent_id = ?', note, id);
      return void (isSplit
        ? await sql('UPDATE parent SET op = ? WHERE id = ?', write.op, id)
        : await sql('UPDATE par SET op = ?, note = ? WHERE par_id = ?', write.op, note, id));
    }
    await sql(words(`DELETE FROM {child} WHERE ${parent} = ?`), id);
    if (isSplit) await sql('DELETE FROM parent_note WHERE parent_id = ?', id);
    await sql(words('DELETE FROM {parent} WHERE {id} = ?'), id);
  },
  async look(sql, side) {
    const { rows: parents } = await sql(
      side === 'monolith'
        ? 'SELECT par_id AS id, op, note FROM par'
        : 'SELECT p.id, p.op, n.note FROM parent p LEFT JOIN parent_note n ON n.parent_id = p.id',
    );
    const { rows: children } = await sql(
      side === 'monolith'
        ? 'SELECT par_id AS parent, n, op FROM kid'
        : 'SELECT parent_id AS parent, place AS n, op FROM child',
    );
    const byParent = Map.groupBy(children, (row) => row.parent ?? '');
    const faults = parents.flatMap((row) => {
      const found = (byParent.get(row.id ?? '') ?? []).map((child) => `${child.n} of ${child.op}`).sort();
      const wanted = numbers(CHILDREN).map((n) => `${n} of ${row.op}`);
      const key = row.id ?? '';
      const kind = found.length > CHILDREN ? ('doubled' as const) : ('lost' as const);
      const what = `the parent is of ${row.op}, its note "${row.note}", its children: ${found.join(', ') || 'none'}`;
      const isWhole = found.join() === wanted.join() && row.note === `note of ${row.op}`;
      return isWhole ? [] : [{ kind, key, what }];
    });
    return { registers: new Map(parents.map((row) => [row.id ?? '', row.op ?? ''])), faults };
  },
};
