import { openSql } from './databases.ts';
import type { SqlSession, TextRow } from './databases.ts';

const NOT_OURS = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`;

/** What `pg_dump` would say, by asking: a dump tool has to be of the server's version. */
const OF_POSTGRES: readonly string[] = [
  `SELECT 'schema', n.nspname, n.nspacl::text FROM pg_namespace n WHERE ${NOT_OURS} ORDER BY 2`,
  `SELECT 'relation', c.oid::regclass::text, c.relkind, c.relacl::text, c.relreplident, c.relrowsecurity, c.reloptions::text
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${NOT_OURS} ORDER BY 2`,
  `SELECT 'column', c.oid::regclass::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
     a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE a.attnum > 0 AND ${NOT_OURS} ORDER BY 2, 3`,
  `SELECT 'constraint', c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)
   FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${NOT_OURS} ORDER BY 2, 3`,
  `SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
   JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${NOT_OURS} ORDER BY 2`,
  `SELECT 'trigger', t.tgrelid::regclass::text, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid)
   FROM pg_trigger t WHERE NOT t.tgisinternal ORDER BY 2, 3`,
  `SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid)
   FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind = 'f' AND ${NOT_OURS} ORDER BY 2`,
  `SELECT 'sequence', schemaname, sequencename, last_value FROM pg_sequences ORDER BY 2, 3`,
  `SELECT 'publication', pubname FROM pg_publication ORDER BY 2`,
  `SELECT 'slot', slot_name FROM pg_replication_slots WHERE database = current_database() ORDER BY 2`,
];
const TABLES_OF_POSTGRES = `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND ${NOT_OURS} ORDER BY 1`;

/** Everything that is in a database, schema and rows: the same text when nothing was changed. */
export async function dumpOf(url: string, { withRows = true } = {}): Promise<string> {
  const session = await openSql(url);
  try {
    const isPostgres = url.startsWith('postgres');
    return (await (isPostgres ? dumpPostgres(session, withRows) : dumpMysql(session, withRows))).join('\n');
  } finally {
    await session.end();
  }
}

async function dumpPostgres(session: SqlSession, withRows: boolean): Promise<string[]> {
  const lines: string[] = [];
  for (const question of OF_POSTGRES) {
    if (!withRows && question.includes(`'sequence'`)) continue;
    lines.push(...inLines(await session.sql(question)));
  }
  if (!withRows) return lines;
  for (const { name } of await session.sql(TABLES_OF_POSTGRES)) {
    lines.push(
      String(name),
      ...inLines(await session.sql(`SELECT t::text AS row FROM ${name} t ORDER BY 1`)),
    );
  }
  return lines;
}

async function dumpMysql(session: SqlSession, withRows: boolean): Promise<string[]> {
  const tables = await session.sql(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
  );
  const lines = inLines(
    await session.sql(
      `SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS
       WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1`,
    ),
  );
  for (const { name } of tables) {
    const [created] = await session.sql(`SHOW CREATE TABLE \`${name}\``);
    const text = JSON.stringify(created);
    lines.push(withRows ? text : text.replace(/ AUTO_INCREMENT=\d+/, ''));
    if (withRows) lines.push(...inLines(await session.sql(`SELECT * FROM \`${name}\``)).toSorted());
  }
  return lines;
}

const inLines = (rows: readonly TextRow[]): string[] => rows.map((row) => JSON.stringify(row));
