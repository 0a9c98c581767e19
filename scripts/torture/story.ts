import { inWords } from './check/registers.ts';
import type { Scene } from './scene.ts';
import { SIDES } from './sides.ts';
import type { Row, Sql } from './sides.ts';
import type { Fault } from './workloads/workload.ts';

/** What a case is about, as far as words of it can be looked for in the product's tables. */
const OPS = /\b(?:w\d+-\d+|long\d+-\w+-\d+)\b/g;

/** Tells a case from both ends: what the writers know of it, and what the product's tables say. */
export async function story(scene: Scene, fault: Fault): Promise<string> {
  const { ledger, sides } = scene;
  const lines = [
    `${fault.kind} in ${fault.workload} at the ${fault.side === 'both' ? 'sides' : fault.side}: ${fault.key}: ${fault.what}`,
    `  ledger: ${inWords(ledger.candidates(fault.workload, fault.key)) || 'nothing that is in force'}`,
  ];
  const ops = [...new Set(fault.what.match(OPS))].slice(0, 4);
  for (const op of ops) {
    const entry = ledger.find(op);
    lines.push(`  ${op}: ${entry ? inWords([entry]) : 'not in the ledger: not done, or never sent'}`);
  }
  for (const side of SIDES) {
    const said = await sides[side]
      .read((sql) => ofProduct(sql, ops))
      .catch((error: Error) => [`cannot be read: ${error.message}`]);
    lines.push(...said.map((line) => `  ${side}: ${line}`));
  }
  return lines.join('\n');
}

async function ofProduct(sql: Sql, ops: readonly string[]): Promise<string[]> {
  const [name, text] =
    sql.dialect === 'postgres'
      ? [(table: string) => `strangler.${table}`, (column: string) => `${column}::text`]
      : [(table: string) => `strangler_${table}`, (column: string) => `\`${column}\``];
  const [side] = (await sql(`SELECT role, owner, epoch, attempt, position FROM ${name('side')}`)).rows;
  const lines = [`side: ${JSON.stringify(side ?? null)}`];
  const tell = (what: string, rows: readonly Row[]): void => {
    for (const row of rows) lines.push(`${what}: ${JSON.stringify(row).slice(0, 300)}`);
  };
  for (const op of ops) {
    const changes = await sql(
      `SELECT c.* FROM ${name('change')} c WHERE ${text('row')} LIKE ? ORDER BY id LIMIT 3`,
      `%${op}%`,
    );
    tell('change', changes.rows);
    // MySQL keeps marks by the hash of the key, which is the change's too.
    const key = sql.dialect === 'postgres' ? 'key' : 'key_hash';
    for (const { id, source } of changes.rows) {
      const marks = await sql(
        `SELECT m.* FROM ${name('mark')} m JOIN ${name('change')} c ON c.${key} = m.${key}
         WHERE c.id = ? AND m.entry LIKE ?`,
        id,
        `%${source}%`,
      );
      tell('mark', marks.rows);
    }
    const parked = await sql(
      `SELECT p.* FROM ${name('parked')} p WHERE ${text('row')} LIKE ? LIMIT 3`,
      `%${op}%`,
    );
    tell('parked', parked.rows);
  }
  return lines;
}
