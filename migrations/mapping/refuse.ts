import type { ColumnInfo } from '../databases/database.ts';
import { columnsOn, keyOf } from './entry.ts';
import type { Pair } from './link.ts';
import type { Side } from './side.ts';
import { noColumn } from './link.ts';
import { otherSide, SIDES } from './side.ts';
import { mainOf } from './parts.ts';
import type { MappingProblem } from './problem.ts';
import { uniqueProblems } from './refuse-unique.ts';
import { constantsOf, demandProblems, sliceProblems } from './where.ts';

/** Why the pairs cannot be kept in step in both directions, however the values are converted. */
export function problemsOf(pairs: readonly Pair[]): MappingProblem[] {
  return [
    ...pairs.flatMap((pair) => [
      ...SIDES.flatMap((side) => [...keyProblems(pair, side), ...targetProblems(pair, side)]),
      ...demandProblems(pair),
      ...sliceProblems(pair),
      ...whereProblems(pair, pairs),
    ]),
    ...SIDES.flatMap((side) =>
      pairs.flatMap((pair) => [...partProblems(pair, pairs, side), ...coverProblems(pair, pairs, side)]),
    ),
    ...SIDES.flatMap((side) => [
      ...uniqueProblems(pairs, side),
      ...captureProblems(pairs, side),
      ...cascadeProblems(pairs, side),
    ]),
  ];
}

/** A table has one capture, in however many pairs it stands. */
function captureProblems(pairs: readonly Pair[], side: Side): MappingProblem[] {
  return pairs.flatMap((pair) => {
    const { name } = pair[side];
    const first = pairs.find((other) => other[side].name === name);
    if (!first || first.config.capture[side] === pair.config.capture[side]) return [];
    const message = `${side} table "${name}" is captured by ${first.config.capture[side]} in one pair and by ${pair.config.capture[side]} in another: say the same in both`;
    return [{ path: [pair.index, 'capture', side], message }];
  });
}

/** What a cascade does fires no trigger in MySQL: it would be captured by nobody, and refused by no fence. */
function cascadeProblems(pairs: readonly Pair[], side: Side): MappingProblem[] {
  const firsts = pairs.filter((pair) => pairs.find((other) => other[side].name === pair[side].name) === pair);
  return firsts.flatMap((pair) =>
    (pair[side].cascades ?? []).map(({ from, to, action }) => ({
      path: [pair.index],
      message: `rows of ${side} table "${to}" are changed by those of "${from}" (${action}), and MySQL's triggers see nothing of that: declare the foreign key without it (NO ACTION), and let the application delete or update them`,
    })),
  );
}

function keyProblems(pair: Pair, side: Side): MappingProblem[] {
  const { name, primaryKey } = pair[side];
  const mapped = keyOf(pair, side);
  if (primaryKey.length === 0) {
    const message = `${side} table "${name}" has no primary key, and rows without a key cannot be followed: add one (a new identity column is enough), or make its unique NOT NULL columns the key`;
    return [{ path: [pair.index], message }];
  }
  const problems: MappingProblem[] = [];
  if ([...mapped].sort().join() !== [...primaryKey].sort().join()) {
    const message = `the key of ${side} table "${name}" is (${primaryKey.join(', ')}), not (${mapped.join(', ')})`;
    problems.push({ path: [pair.index, 'key'], message });
  }
  for (const link of pair.links.filter((one) => one.isKey)) {
    const [own, other] = [link[side].kind, link[otherSide(side)].kind];
    if (link.form.fits || own.kind !== 'text' || other.kind !== 'text' || !own.loose || other.loose) continue;
    const message =
      `"${link[side].name}" of ${side} table "${name}" takes keys for equal that differ in case, accents or blanks, and "${link[otherSide(side)].name}" does not: ` +
      'two rows there would be one here; give both a collation that agrees, or say `fits: true` if no such two come (the second would be parked)';
    problems.push({ path: link.path, message, isRisk: true });
  }
  return problems;
}

/** Everything that is mapped is written by one direction or the other. */
function targetProblems(pair: Pair, side: Side): MappingProblem[] {
  const { name, columns } = pair[side];
  const listed = (pair.config.using?.[side] ?? [])
    .filter((column) => !columns.has(column))
    .map((column) => ({ path: [pair.index, 'using', side], message: noColumn(side, pair[side], column) }));
  const generated = columnsOn(pair, side)
    .filter((column) => column.generated)
    .map((column) => ({
      path: pair.links.find((link) => link[side] === column)?.path ?? [pair.index],
      message: `column "${column.name}" of ${side} table "${name}" is generated and cannot be written`,
    }));
  const names = pair.links.map((link) => link[side].name);
  const twice = pair.links
    .filter((link, i) => names.indexOf(link[side].name) < i)
    .map((link) => ({
      path: link.path,
      message: `two columns are mapped to "${link[side].name}" of ${side} table "${name}"`,
    }));
  return [...listed, ...generated, ...twice];
}

/** A row that comes back has to belong: what the filter asks for must be known on the way back. */
function whereProblems(pair: Pair, pairs: readonly Pair[]): MappingProblem[] {
  if (mainOf(pair, pairs, 'monolith')) return [];
  const known = new Set([
    ...pair.links.map((link) => link.monolith.name),
    ...Object.keys(constantsOf(pair, 'monolith')),
    ...(pair.config.using?.monolith ?? []),
  ]);
  return Object.keys(pair.config.where)
    .filter((column) => !known.has(column) && pair.monolith.columns.has(column))
    .map((column) => ({
      path: [pair.index, 'where', column],
      message: `a row that comes back from the service would have no "${column}": map the column, or name its value in \`constants: { monolith: { ${column}: … } }\``,
    }));
}

function partProblems(pair: Pair, pairs: readonly Pair[], side: Side): MappingProblem[] {
  const main = mainOf(pair, pairs, side);
  const { part, optional } = pair.config;
  const path = [pair.index];
  if (side === 'service' && main && !part) {
    const message = `service table "${pair.service.name}" gets its rows from "${main.config.from}" already: say \`part: true\` if "${pair.config.from}" only fills columns of theirs, or give both \`constants\` that tell their rows apart`;
    return [{ path, message }];
  }
  if (side === 'service' && part && !main) {
    const message = `\`part: true\` needs an earlier pair whose rows are those of service table "${pair.service.name}"`;
    return [{ path: [...path, 'part'], message }];
  }
  const isPartAnywhere = main !== undefined || SIDES.some((other) => mainOf(pair, pairs, other));
  if (optional && side === 'monolith' && !isPartAnywhere) {
    const message = '`optional` is for a table that is split off another one, or joined to it';
    return [{ path: [...path, 'optional'], message }];
  }
  if (!optional || !main) return [];
  return pair.links
    .filter((link) => !link.isKey && !link[side].nullable)
    .map((link) => ({
      path: link.path,
      message: `column "${link[side].name}" of ${side} table "${pair[side].name}" is NOT NULL, so the optional part could never be away`,
    }));
}

/** Who decides about a table's rows inserts them, so everything that needs a value has to get one. */
function coverProblems(pair: Pair, pairs: readonly Pair[], side: Side): MappingProblem[] {
  if (mainOf(pair, pairs, side)) return [];
  const given = new Set(columnsOn(pair, side).map((column) => column.name));
  return [...pair[side].columns.values()]
    .filter((column) => needsValue(column) && !given.has(column.name))
    .map((column) => ({
      path: [pair.index],
      message: `column "${column.name}" of ${side} table "${pair[side].name}" is NOT NULL without a default, and nothing is mapped to it: map a column to it, name a value in \`constants\`, or give it a default`,
      isRisk: true,
    }));
}

const needsValue = (column: ColumnInfo): boolean =>
  !column.nullable && !column.hasDefault && !column.generated;
