import {
  count,
  duration,
  guardrailInWords,
  percent,
  placeInWords,
  rampInWords,
  takenBackInWords,
  verifyInWords,
} from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Besides } from '../read-besides.ts';
import { lastChangeInWords } from './change.ts';
import type { Screen } from './screen.ts';
import { driftInWords, syncPairs } from './sync.ts';
import { table, tableWithin } from './table.ts';
import { trafficInWords } from './traffic.ts';

type Migration = Schemas['MigrationStatus'];

const HEAD = [
  'MIGRATION',
  'STAGE',
  'OWNER',
  'READS',
  'WRITES',
  'WEIGHT',
  'ACTUAL',
  'LAG',
  'VERIFIED',
  'NEXT MOVE',
];

/** All migrations, a line each; a block each where a line does not fit. */
export function statusTable(migrations: Migration[], screen: Screen): string {
  if (migrations.length === 0) return 'No migration is configured yet: add one to strangler.yaml.';
  const head = HEAD.map((name) => screen.paint('bold', name));
  const rows = migrations.map((migration) => rowOf(migration, screen));
  if (!screen.isTerminal) return table(head, rows);
  return tableWithin(screen.columns, head, rows) ?? rows.map((row) => block(row)).join('\n\n');
}

/** Everything about one migration. */
export function statusDetail(migration: Migration, screen: Screen, besides: Besides | null = null): string {
  const { name, service, epoch, sync, verify, shadow, routes, back, waitsFor, addresses, together } =
    migration;
  const others = together.filter((each) => each !== name);
  const heading = (name: string) => screen.paint('bold', name);
  return [
    pairs([
      ...labelled(rowOf({ ...migration, waitsFor: waitsFor.length > 0 ? ['see below'] : [] }, screen)),
      ['SERVICE', service],
      ...(others.length > 0 ? [['MOVES TOGETHER WITH', others.join(', ')] as [string, string]] : []),
      ['EPOCH', String(epoch)],
      ['WAY BACK', back ?? 'none'],
      ...(sync ? syncPairs(sync) : []),
      ...(shadow ? [['SHADOW', shadowInWords(shadow)] as [string, string]] : []),
      ...rampPairs(migration, screen),
      ...(besides?.lastChange
        ? [['LAST CHANGE', lastChangeInWords(besides.lastChange)] as [string, string]]
        : []),
    ]),
    ...(besides ? ['', trafficInWords(besides.traffic, screen)] : []),
    ...listed(
      'Tables that were changed since the sync began:',
      (sync?.drift ?? []).map((one) => driftInWords(one, screen)),
    ),
    ...listed('The ramp waits for:', migration.ramp?.waitsFor ?? []),
    ...listed(
      'Guardrails:',
      migration.guardrails.map((guardrail) => verdictInWords(guardrail, screen)),
    ),
    ...listed('The next move waits for:', waitsFor),
    ...listed('Verify:', verify?.details ?? []),
    ...listed(
      'Addresses:',
      addresses.map((address) => addressInWords(address, screen)),
    ),
    ...listed('Differences in shadow:', shadow?.examples ?? []),
    '',
    table(
      ['METHOD', 'PATH', 'KIND', 'ANSWERED BY'].map(heading),
      routes.map((route) => [
        route.method === '*' ? 'any' : route.method,
        placeInWords(route),
        route.readsOrWrites,
        route.answeredBy,
      ]),
    ),
  ].join('\n');
}

function rowOf(migration: Migration, screen: Screen): string[] {
  const { name, stage, owner, reads, writes, weightSet, weightActual } = migration;
  return [
    screen.paint('bold', name),
    stage,
    owner,
    reads,
    writes,
    percent(weightSet),
    weightActual === null ? '-' : percent(weightActual),
    lagInWords(migration.sync, screen),
    lastVerifyInWords(migration.verify, screen),
    nextInWords(migration, screen),
  ];
}

function lagInWords(sync: Migration['sync'], screen: Screen): string {
  if (!sync) return '-';
  if (sync.state === 'live') return duration(sync.lagSeconds);
  return screen.paint(
    sync.state === 'stalled' ? 'red' : 'yellow',
    `${duration(sync.lagSeconds)} (${sync.state})`,
  );
}

function lastVerifyInWords(verify: Migration['verify'], screen: Screen): string {
  if (!verify) return 'never';
  if (verify.state === 'running') return screen.paint('yellow', 'running');
  const ago = `${duration((Date.now() - Date.parse(verify.at)) / 1000)} ago`;
  if (verify.state === 'failed') return screen.paint('red', `failed ${ago}`);
  const remaining = verify.differences - verify.repaired;
  if (remaining > 0) return screen.paint('red', `${count(remaining)} differ, ${ago}`);
  return screen.paint('green', `all equal, ${ago}`);
}

function nextInWords({ moving, next, waitsFor }: Migration, screen: Screen): string {
  if (moving) return screen.paint('yellow', `${moving.verb} under way: ${moving.phase}`);
  if (!next) return 'none';
  if (waitsFor.length === 0) return screen.paint('green', `${next}: ready`);
  return `${next} waits for: ${waitsFor.join('; ')}`;
}

function rampPairs({ ramp, takenBack }: Migration, screen: Screen): [string, string][] {
  return [
    ...(ramp ? [['RAMP', rampInWords(ramp)] as [string, string]] : []),
    ...(takenBack
      ? [['GUARDRAIL', screen.paint('red', takenBackInWords(takenBack))] as [string, string]]
      : []),
  ];
}

function verdictInWords(guardrail: Schemas['GuardrailStatus'], screen: Screen): string {
  const colours = { ok: 'green', broken: 'red', 'no data': 'yellow' } as const;
  return screen.paint(colours[guardrail.verdict], guardrailInWords(guardrail));
}

function addressInWords(
  { side, address, state, since, lastError }: Schemas['AddressStatus'],
  screen: Screen,
): string {
  const colour = state === 'healthy' ? 'green' : state === 'unknown' ? 'yellow' : 'red';
  const ago = duration((Date.now() - Date.parse(since)) / 1000);
  const why = lastError !== null && state !== 'healthy' ? `: ${lastError}` : '';
  return `${side} ${address}: ${screen.paint(colour, state)} for ${ago}${why}`;
}

function shadowInWords({ compared, agreed, differed, dropped, verdict }: Schemas['ShadowStatus']): string {
  const parts = `${count(agreed)} agreed, ${count(differed)} differed, ${count(dropped)} dropped`;
  return `${verdict}: ${count(compared)} compared, ${parts}`;
}

/** What a verification found, with its examples. */
export function verifyResult(name: string, verify: Schemas['VerifyStatus']): string {
  const { entries = [], unmapped = [], seconds, rowsPerSecond } = verify;
  const lines = entries.map((one) => [
    one.entry,
    count(one.ownerRows + one.followerRows),
    one.by === 'checksum'
      ? `${count(one.ranges)} ranges hashed, ${count(one.rangesOpened)} opened`
      : `all read: ${one.why}`,
    foundIn(one),
  ]);
  const pace = seconds === undefined ? '' : `, ${duration(seconds)} (${count(rowsPerSecond)} rows/s)`;
  return [
    `${name}: ${verifyInWords(verify)}${pace}`,
    ...(lines.length > 0 ? [table(['PAIR', 'ROWS', 'HOW', 'FOUND'], lines)] : []),
    ...(unmapped.length > 0 ? [`not compared, they have no counterpart: ${unmapped.join(', ')}`] : []),
    ...verify.details.map((detail) => `  ${detail}`),
  ].join('\n');
}

function foundIn({ differences, columns, unsettled, parked }: Schemas['VerifyEntry']): string {
  const counts = { ...differences, unsettled, parked };
  const kinds = Object.entries(counts).flatMap(([kind, n]) => (n > 0 ? [`${count(n)} ${kind}`] : []));
  const names = Object.entries(columns).map(([column, n]) => `${column} ${count(n)}`);
  const where = names.length > 0 ? ` (${names.join(', ')})` : '';
  return kinds.length === 0 ? 'nothing' : kinds.join(', ') + where;
}

function block(row: string[]): string {
  return pairs(labelled(row));
}

function labelled(row: string[]): [string, string][] {
  return HEAD.map((name, column) => [name, row[column] ?? '']);
}

function pairs(lines: [string, string][]): string {
  return table([], lines);
}

function listed(heading: string, items: string[]): string[] {
  return items.length === 0 ? [] : ['', heading, ...items.map((item) => `  - ${item}`)];
}
