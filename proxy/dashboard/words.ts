/** What things are called in sentences: the page and the CLI say the same in the same words. */
import type { components } from '../control/api.gen.ts';

type Schemas = components['schemas'];

/** A share in percent, with one decimal only where it says something. */
export function percent(value: number): string {
  return `${Number(value.toFixed(1))} %`;
}

/** How long something lasts or is ago, in the largest unit that fits. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A short time, in milliseconds until it is a second. */
export function milliseconds(value: number): string {
  return value < 1000 ? `${Math.round(value)} ms` : duration(value / 1000);
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Names in a sentence: `a`, `a and b`, `a, b and c`. */
export function list(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** What a sync is at, in one line. */
export function syncInWords(sync: Schemas['SyncStatus']): string {
  const lag = `${duration(sync.lagSeconds)} behind (${count(sync.lagChanges)} changes)`;
  const parked = sync.parked > 0 ? `, ${count(sync.parked)} parked` : '';
  switch (sync.state) {
    case 'starting':
      return 'starting';
    case 'backfill':
      return `backfill${parked}`;
    case 'live':
      return `live, ${lag}${parked}`;
    case 'stalled':
      return `stalled, ${lag}${parked}`;
  }
}

/** What a table's backfill is at. */
export function backfillInWords(table: Schemas['BackfillProgress']): string {
  const of = table.total === null ? '' : ` of about ${count(table.total)}`;
  const left = table.secondsLeft === null ? '' : `, ${duration(table.secondsLeft)} left`;
  if (table.done) return `${table.table}: ${count(table.rows)} rows, done`;
  const pace = table.rests ? `rests: ${table.rests}` : `${count(table.rowsPerSecond)} rows/s${left}`;
  return `${table.table}: ${count(table.rows)}${of} rows, ${pace}`;
}

/** What the last verify found. */
export function verifyInWords(verify: Schemas['VerifyStatus']): string {
  const rows = `${count(verify.rowsCompared)} rows`;
  if (verify.state === 'running') return `running: ${rows} so far`;
  if (verify.state === 'failed') return 'failed';
  if (verify.differences === 0) return `no differences in ${rows}`;
  const mended = verify.repaired > 0 ? `, ${count(verify.repaired)} repaired` : '';
  return `${count(verify.differences)} ${verify.differences === 1 ? 'difference' : 'differences'} in ${rows}${mended}`;
}

/** Where a ramp stands, in one line. */
export function rampInWords({ steps, step, secondsLeft, reads, waitsFor }: Schemas['RampStatus']): string {
  const at = `step ${step} of ${steps.length}, ${steps[step - 1] ?? ''}`;
  if (step === steps.length) return `${at}: the last; a cutover is for a person to order`;
  const left = secondsLeft > 0 ? `${duration(secondsLeft)} left` : 'its time is over';
  const next = waitsFor.length === 0 ? ', goes on' : '';
  return `${at}: ${left}, ${count(reads.soFar)} of ${count(reads.needed)} reads${next}`;
}

/** A guardrail with its evidence. */
export function guardrailInWords(one: Schemas['GuardrailStatus']): string {
  return `${one.guardrail} ${one.verdict}: ${one.value} (${one.threshold}; window: ${one.window})`;
}

/** What a guardrail took back. */
export function takenBackInWords({ weight, why }: Schemas['TakenBack']): string {
  return `taken back from ${percent(weight)}: ${why.join('; ')}`;
}

/** Where a route stands: host, path, and what it asks for besides. */
export function placeInWords(route: Pick<Schemas['RouteStatus'], 'host' | 'path' | 'conditions'>): string {
  const { host, path, conditions } = route;
  return `${host ?? ''}${path}${conditions.length > 0 ? ` (${conditions.join(', ')})` : ''}`;
}
