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
  const [side] = (await sql('SELECT role, owner, epoch, attempt, position FROM strangler.side')).rows;
  const lines = [`side: ${JSON.stringify(side ?? null)}`];
  const tell = (name: string, rows: readonly Row[]): void => {
    for (const row of rows) lines.push(`${name}: ${JSON.stringify(row).slice(0, 300)}`);
  };
  for (const op of ops) {
    const changes = await sql(
      `SELECT id, txid, source, op, key, row FROM strangler.change WHERE row::text LIKE ? ORDER BY id LIMIT 3`,
      `%${op}%`,
    );
    tell('change', changes.rows);
    for (const { key, source } of changes.rows) {
      const marks = await sql(
        `SELECT * FROM strangler.mark WHERE key = ? AND entry LIKE ?`,
        key,
        `%${source}%`,
      );
      tell('mark', marks.rows);
    }
    tell(
      'parked',
      (await sql(`SELECT * FROM strangler.parked WHERE row::text LIKE ? LIMIT 3`, `%${op}%`)).rows,
    );
  }
  return lines;
}
