import { check } from './check/check.ts';
import { faultsOf } from './faults/all.ts';
import type { Fault } from './faults/fault.ts';
import { copied, holdChunks } from './faults/kills.ts';
import { NeverError } from './moves.ts';
import type { TortureOptions } from './options.ts';
import type { Result } from './result.ts';
import type { Scene } from './scene.ts';
import { SIDES } from './sides.ts';
import { story } from './story.ts';
import type { Fault as Case } from './workloads/workload.ts';

/** Faults between two checks: what is wrong is found near to what made it so. */
const FAULTS_A_CHECK = 6;
const SHOWN = 5;
const MOVE_MS = 1500;

/** What happened so far; it is told also when the run ends early. */
interface Course {
  struck: Map<string, number>;
  checks: number;
  rows: number;
  cases: Case[];
}

/** Runs the torture in a scene that is set: the first copy, then one fault after the other, then the last check. */
export async function run(scene: Scene, options: TortureOptions): Promise<Result> {
  const started = performance.now();
  const { random, moves, say } = scene;
  const course: Course = { struck: new Map(), checks: 0, rows: 0, cases: [] };
  const pauses = random.branch('moves');
  let moving = Promise.resolve();
  try {
    await begin(scene);
    moving = moves.backAndForth(() => MOVE_MS + pauses.below(MOVE_MS));
    await strike(scene, course, options, started + options.seconds * 1000);
  } catch (error) {
    if (!(error instanceof NeverError)) throw error;
    // What never comes is a case; the last check tells more of it.
    const what = error.message;
    course.cases.push({ kind: 'never', side: 'both', workload: 'the product', key: 'a fault', what });
  }
  await moves.stop();
  await moving;
  await lookAtAll(scene, course);
  for (const one of course.cases.slice(0, SHOWN)) say(await story(scene, one));
  const seconds = (performance.now() - started) / 1000;
  return { ...(await figures(scene)), ...course, seed: options.seed, seconds };
}

/** One fault after the other, each kind once before any comes again, until the time is over or a case is found. */
async function strike(scene: Scene, course: Course, options: TortureOptions, until: number): Promise<void> {
  const { struck } = course;
  const kinds = faultsOf(options);
  for (const { kind } of kinds) struck.set(kind, 0);
  const isOver = (): boolean => performance.now() > until && [...struck.values()].every((times) => times > 0);
  const schedule = scene.random.branch('faults');
  let round: Fault[] = [];
  for (let n = 1; !isOver() && course.cases.length === 0; n += 1) {
    if (round.length === 0) round = schedule.shuffled(kinds);
    const fault = round.pop();
    if (!fault) break;
    // What the copy before has brought is looked at while it is there.
    if (fault.beginsAnew) await lookAtAll(scene, course);
    if (course.cases.length > 0) break;
    const did = await fault.strike(scene, schedule.branch(`${n}`));
    struck.set(fault.kind, (struck.get(fault.kind) ?? 0) + 1);
    scene.say(`${fault.kind}${did ? `: ${did}` : ''}`);
    if (n % FAULTS_A_CHECK === 0) await lookAtAll(scene, course);
  }
}

/** The first copy, under load. */
async function begin(scene: Scene): Promise<void> {
  const { moves, writers, say } = scene;
  await writers.more(20);
  const letPass = holdChunks(scene);
  await moves.insist('sync');
  writers.letStray(true);
  await copied(scene);
  letPass();
  await moves.insist('shadow');
  say('everything is copied and live');
}

async function lookAtAll(scene: Scene, course: Course): Promise<void> {
  const { rows, faults } = await check(scene);
  course.checks += 1;
  course.rows += rows;
  course.cases.push(...faults);
  const { owner, epoch } = await scene.moves.until('the control API answers', () => true);
  scene.say(
    `check ${course.checks}: ${rows} rows, ${faults.length} cases; ${scene.ledger.acknowledged} writes acknowledged; ` +
      `the ${owner} is the owner at epoch ${epoch}`,
  );
}

async function figures(scene: Scene): Promise<Omit<Result, keyof Course | 'seed' | 'seconds'>> {
  const { ledger, moves, sides } = scene;
  let changes = 0;
  for (const side of SIDES) changes += await sides[side].captured();
  const made = [...moves.done].map(([verb, times]) => `${verb} ${times}`).join(', ');
  const parts = [scene.sync, scene.second, scene.control, scene.proxy];
  return {
    acknowledged: ledger.acknowledged,
    unknown: ledger.unknown,
    notDone: ledger.notDone,
    fenced: ledger.fenced,
    changes,
    moves: `${made}; ${moves.aborted} taken back, ${moves.refused} refused`,
    endedByThemselves: parts.reduce((sum, part) => sum + part.endedByItself, 0),
  };
}
