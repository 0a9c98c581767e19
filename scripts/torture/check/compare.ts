import type { SideDatabase, Sql } from '../sides.ts';
import type { Fault, Pair, Workload } from '../workloads/workload.ts';

export interface Compared {
  rows: number;
  faults: Fault[];
}

/** Compares both sides by their mapped columns, row by row, without any part of the product. */
export async function compareSides(
  workloads: readonly Workload[],
  monolith: SideDatabase,
  service: SideDatabase,
): Promise<Compared> {
  const compared: Compared = { rows: 0, faults: [] };
  for (const workload of workloads) {
    for (const pair of workload.pairs) {
      const here = await monolith.read((sql) => readRows(sql, pair, 'monolith'));
      const there = await service.read((sql) => readRows(sql, pair, 'service'));
      compared.rows += here.size + there.size;
      for (const key of new Set([...here.keys(), ...there.keys()])) {
        const [one, other] = [here.get(key), there.get(key)];
        if (one === other) continue;
        const what = `${pair.from} has ${one ?? 'nothing'}, ${pair.to} has ${other ?? 'nothing'}`;
        compared.faults.push({ kind: 'difference', side: 'both', workload: workload.name, key, what });
      }
    }
  }
  return compared;
}

/** Every mapped value as the monolith would write it, by key. */
async function readRows(sql: Sql, pair: Pair, side: 'monolith' | 'service'): Promise<Map<string, string>> {
  const columns = [...Object.entries(pair.key), ...Object.entries(pair.columns)].map(([from, to]) => ({
    name: side === 'monolith' ? from : typeof to === 'string' ? to : String(to.to),
    convert: typeof to === 'string' ? {} : to,
  }));
  const keys = Object.keys(pair.key).length;
  const { rows } = await sql(
    `SELECT ${columns.map(({ name }, i) => `${name} AS c${i}`).join(', ')} FROM ${side === 'monolith' ? pair.from : pair.to}`,
  );
  return new Map(
    rows.map((row) => {
      const values = columns.map(({ convert }, i) => asMonolith(row[`c${i}`] ?? null, convert, side));
      return [values.slice(0, keys).join(' '), JSON.stringify(values)];
    }),
  );
}

function asMonolith(
  value: string | null,
  convert: Record<string, unknown>,
  side: 'monolith' | 'service',
): string | null {
  if (value === null || side === 'monolith') return value;
  if (convert.convert === 'money') {
    const minor = BigInt(value);
    const digits = String(minor < 0n ? -minor : minor).padStart(3, '0');
    return `${minor < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  }
  if (convert.convert === 'enum') {
    const found = Object.entries(convert.values as Record<string, string>).find(([, to]) => to === value);
    return found ? found[0] : `${value}?`;
  }
  return value;
}
