import { driftInWords } from '../drift/compare.ts';
import { fewOf, result, type Gate } from './gate.ts';

const LEFT_BEHIND = 'the new owner would not have those rows, and nothing would bring them later';

/** Nothing may be in the tables that are to be filled. */
export const empty: Gate = ({ occupied }) =>
  result(
    'empty target',
    occupied.length === 0,
    occupied.length === 0 ? 'empty' : `${occupied.join(', ')} not empty`,
    'empty',
    "empty the service's tables (also after a `rollback` to legacy): rows that are there already would be taken for copies",
    'what is there already cannot be told from copies any more, and would be overwritten or deleted',
  );

/** Neither database has anything that a sync cannot work with. */
export const fit: Gate = ({ unfit }) =>
  result(
    'databases',
    unfit.length === 0,
    unfit.length === 0 ? 'fit' : fewOf(unfit.map(({ subject, message }) => `${subject} ${message}`)),
    'fit',
    `${unfit[0]?.advice ?? ''} (\`strangler doctor\` says more)`,
    'the sync would miss changes, or not work at all',
  );

/** All rows from before the sync are copied. */
export const backfilled: Gate = ({ backfill }, _, isHandOver) =>
  result(
    'backfill',
    backfill?.done === true,
    backfill?.detail ?? 'not started',
    'done',
    'wait until `strangler status` shows it done',
    isHandOver ? LEFT_BEHIND : '',
  );

/** The follower is not far behind. A change of owner carries the rest over, or takes itself back. */
export const lag: Gate = ({ lag: seen }, { lagSeconds }) =>
  result(
    'lag',
    seen !== null && seen.seconds <= lagSeconds,
    seen === null ? 'unknown' : `${seen.seconds.toFixed(1)} s (${seen.changes} changes)`,
    `at most ${lagSeconds} s`,
    'wait until the sync has caught up; if it does not, look at `strangler status`',
  );

/** The follower has refused nothing. */
export const parked: Gate = ({ parked: seen }, _, isHandOver) =>
  result(
    'parked',
    seen === 0,
    seen === null ? 'unknown' : `${seen} changes`,
    'none',
    'look at `strangler parked` and mend the cause; they are tried again by themselves, or at once with `strangler retry`',
    isHandOver ? LEFT_BEHIND : '',
  );

/** The tables are what they were when the sync began. */
export const drift: Gate = ({ drift: seen }, { addedColumns = 'refuse' }, isHandOver) => {
  const allowed = addedColumns === 'allow' ? ['risks', 'not carried'] : ['risks'];
  // What is about a whole table is no column that may stay behind.
  const inTheWay = (seen ?? []).filter(
    ({ effect, column }) => !allowed.includes(effect) || (effect === 'not carried' && column === null),
  );
  return result(
    'schema drift',
    seen !== null && inTheWay.length === 0,
    seen === null
      ? 'unknown'
      : inTheWay.length === 0
        ? 'as when the sync began'
        : fewOf(inTheWay.map(driftInWords)),
    'as when the sync began',
    inTheWay[0]?.advice ?? 'start the sync process: it keeps what the tables looked like',
    isHandOver
      ? 'the new owner would lack what is in those columns; where it may stay behind, say `gates: { addedColumns: allow }`'
      : '',
  );
};

/** A comparison of all rows, not long ago, found both sides equal. */
export const verified: Gate = ({ verify }, { verifyMaxAgeMinutes }, isHandOver) => {
  const isClean = verify !== null && verify.differences === 0 && verify.unsettled === 0;
  const isFresh = verify !== null && verify.ageMinutes <= verifyMaxAgeMinutes;
  const value =
    verify === null
      ? 'never run'
      : `${verify.differences} differences, ${verify.unsettled} unsettled in ${verify.rows} rows, ${verify.ageMinutes.toFixed(0)} min ago`;
  return result(
    'verify',
    isClean && isFresh,
    value,
    `0 differences, at most ${verifyMaxAgeMinutes} min ago`,
    'run `strangler verify` (with `--repair` if it finds differences)',
    isHandOver && verify !== null && verify.differences > 0
      ? 'the new owner would begin with rows that are known to be wrong; `strangler verify --repair` mends them'
      : '',
  );
};

/** What the service writes can come home: fence and capture are there, and rows were written back in a rehearsal. */
export const reverse: Gate = ({ reverse: seen }) => {
  const problems = seen ? [...seen.missing, ...seen.failed] : [];
  return result(
    'reverse proven',
    seen !== null && problems.length === 0,
    seen === null ? 'not tried' : problems.length === 0 ? 'proven' : problems.join('; '),
    'proven',
    'the way back must work before the way forward is taken: mend what is named; a missing capture or fence is put in place by `rollback` to legacy and a new `sync`',
    seen === null || seen.missing.length > 0
      ? 'without fence and capture on both sides the change of owner cannot be made safely: writes would be lost on the way'
      : '',
  );
};
