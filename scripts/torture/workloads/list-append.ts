import { inserted, inWordsOf, numbers, onDouble, type Named, type Workload, argOf } from './workload.ts';

const WINDOW = 24;
/** Writes of one writer after which the window of lists that grow moves on by one: no list grows for ever. */
const STEP = 8;

const NAMES: Named = {
  monolith: { list: 'lst', id: 'lst_id', items: 'itms', length: 'len', entry: 'lst_item', position: 'pos' },
  service: {
    list: 'list',
    id: 'id',
    items: 'items',
    length: 'length',
    entry: 'list_entry',
    position: 'position',
  },
};

const schemaOf = (side: 'monolith' | 'service'): string =>
  inWordsOf(
    NAMES,
    side,
  )(`
    CREATE TABLE {list} ({id} integer PRIMARY KEY, {items} text NOT NULL, {length} integer NOT NULL);
    CREATE TABLE {entry} (
      {id} integer NOT NULL, {position} integer NOT NULL, item varchar(40) NOT NULL,
      PRIMARY KEY ({id}, {position}), FOREIGN KEY ({id}) REFERENCES {list} ({id}));`);

/**
 * Appends an item to a list, by an upsert, and notes it in a row of its own: the text tells order and doubles, the rows
 * tell what was lost, since no later write covers them.
 */
export const listAppend: Workload = {
  name: 'list-append',
  share: 6,
  schema: { monolith: schemaOf('monolith'), service: schemaOf('service') },
  tables: { monolith: ['lst_item', 'lst'], service: ['list_entry', 'list'] },
  pairs: [
    {
      from: 'lst',
      to: 'list',
      key: { lst_id: 'id' },
      columns: { itms: { to: 'items', fits: true }, len: 'length' },
    },
    { from: 'lst_item', to: 'list_entry', key: { lst_id: 'id', pos: 'position' }, columns: { item: 'item' } },
  ],
  fill: async () => [],
  next: (random, op, nth) => ({
    op,
    workload: 'list-append',
    kind: 'append',
    args: [Math.floor(nth / STEP) + random.below(WINDOW)],
  }),
  effects: (write) => [{ key: String(argOf(write, 0)), does: 'append' }],
  async perform(sql, side, write) {
    const words = inWordsOf(NAMES, side);
    const list = argOf(write, 0);
    await sql(
      words(`INSERT INTO {list} ({id}, {items}, {length}) VALUES (?, ?, 1) ${onDouble(sql, '{id}')}
        {items} = CONCAT({list}.{items}, ' ', ${inserted(sql, '{items}')}), {length} = {list}.{length} + 1`),
      list,
      write.op,
    );
    const { rows } = await sql(words('SELECT {length} AS n FROM {list} WHERE {id} = ?'), list);
    const n = Number(rows[0]?.n);
    await sql(words('INSERT INTO {entry} ({id}, {position}, item) VALUES (?, ?, ?)'), list, n, write.op);
  },
  async look(sql, side) {
    const words = inWordsOf(NAMES, side);
    const { rows: lists } = await sql(words('SELECT {id} AS id, {items} AS items FROM {list}'));
    const { rows: entries } = await sql(
      words('SELECT {id} AS id, {position} AS position, item FROM {entry} ORDER BY {id}, {position}'),
    );
    const found = new Map(lists.map((row) => [row.id ?? '', (row.items ?? '').split(' ')]));
    const noted = Map.groupBy(entries, (row) => row.id ?? '');
    const faults = [...found].flatMap(([key, items]) => {
      const rows = noted.get(key) ?? [];
      const missing = numbers(items.length)
        .filter((n) => !rows.some((row) => row.position === String(n) && row.item === items[n - 1]))
        .map((n) => `${items[n - 1]} (place ${n})`);
      if (missing.length === 0 && rows.length === items.length) return [];
      const what = `${items.length} items and ${rows.length} rows for them; without one: ${missing.join(', ') || 'none'}`;
      return [{ kind: 'lost' as const, key, what }];
    });
    return { registers: new Map(), faults, lists: found };
  },
};
