/** @typedef {import('../control/api.gen.ts').components['schemas']} Schemas */

/** A share in percent, with one decimal only where it says something. @param {number} value */
export function percent(value) {
  return `${Number(value.toFixed(1))} %`;
}

/** How long something lasts or is ago, in the largest unit that fits. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** @param {number} value */
export function count(value) {
  return Math.round(value).toLocaleString('en');
}

/** What a sync is at, in one line. @param {Schemas['SyncStatus']} sync */
export function syncInWords(sync) {
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

/** What a table's backfill is at. @param {Schemas['BackfillProgress']} table */
export function backfillInWords(table) {
  const of = table.total === null ? '' : ` of about ${count(table.total)}`;
  const left = table.secondsLeft === null ? '' : `, ${duration(table.secondsLeft)} left`;
  if (table.done) return `${table.table}: ${count(table.rows)} rows, done`;
  const pace = table.rests ? `rests: ${table.rests}` : `${count(table.rowsPerSecond)} rows/s${left}`;
  return `${table.table}: ${count(table.rows)}${of} rows, ${pace}`;
}

/** What the last verify found. @param {Schemas['VerifyStatus']} verify */
export function verifyInWords(verify) {
  const rows = `${count(verify.rowsCompared)} rows`;
  if (verify.state === 'running') return `running: ${rows} so far`;
  if (verify.state === 'failed') return 'failed';
  if (verify.differences === 0) return `no differences in ${rows}`;
  const mended = verify.repaired > 0 ? `, ${count(verify.repaired)} repaired` : '';
  return `${count(verify.differences)} ${verify.differences === 1 ? 'difference' : 'differences'} in ${rows}${mended}`;
}

/** Where a ramp stands, in one line. @param {Schemas['RampStatus']} ramp */
export function rampInWords({ steps, step, secondsLeft, reads, waitsFor }) {
  const at = `step ${step} of ${steps.length}, ${steps[step - 1] ?? ''}`;
  if (step === steps.length) return `${at}: the last; a cutover is for a person to order`;
  const left = secondsLeft > 0 ? `${duration(secondsLeft)} left` : 'its time is over';
  const next = waitsFor.length === 0 ? ', goes on' : '';
  return `${at}: ${left}, ${count(reads.soFar)} of ${count(reads.needed)} reads${next}`;
}

/** A guardrail with its evidence. @param {Schemas['GuardrailStatus']} guardrail */
export function guardrailInWords({ guardrail, verdict, value, threshold, window }) {
  return `${guardrail} ${verdict}: ${value} (${threshold}; window: ${window})`;
}

/** What a guardrail took back. @param {Schemas['TakenBack']} taken */
export function takenBackInWords({ weight, why }) {
  return `taken back from ${percent(weight)}: ${why.join('; ')}`;
}

/** Where a route stands: host, path, and what it asks for besides. @param {Pick<Schemas['RouteStatus'], 'host' | 'path' | 'conditions'>} route */
export function placeInWords({ host, path, conditions }) {
  return `${host ?? ''}${path}${conditions.length > 0 ? ` (${conditions.join(', ')})` : ''}`;
}
