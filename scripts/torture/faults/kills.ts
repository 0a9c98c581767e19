import { setTimeout as pause } from 'node:timers/promises';
import { NeverError } from '../moves.ts';
import type { Scene } from '../scene.ts';
import { WORKLOADS } from '../workloads/all.ts';
import { atStep, COPY, ROUND } from './at-step.ts';
import type { Fault } from './fault.ts';

/** `kill -9` of the sync at each step of its round. */
export const syncKills: readonly Fault[] = ROUND.map((step) => ({
  kind: `kill sync: ${step.name}`,
  strike: async (scene) => {
    await atStep(scene, scene.sync, step, () => scene.sync.kill());
    return '';
  },
}));

const LONGEST_MOVE = 60;
const JOURNAL = /INSERT INTO strangler_control\.journal\b/i;

/** The coordinator dies after some statement of a change of owner; whoever comes next ends the move. */
export const controlKill: Fault = {
  kind: 'kill control: change of owner',
  strike: async ({ moves, control }, random) => {
    const after = 1 + random.below(LONGEST_MOVE);
    let passed = 0;
    const traps: (() => void)[] = [];
    const count = (): void => {
      passed += 1;
      if (passed === after) control.kill();
      if (passed < after) lay();
    };
    const lay = (): void => {
      for (const wire of Object.values(control.wires)) traps.push(wire.trap(/./, 'sent', count));
    };
    traps.push(control.wires.control.trap(JOURNAL, 'sent', lay));
    const giveUpAt = performance.now() + moves.patienceMs;
    let came = '';
    // A move that the gates refuse never begins.
    while (passed === 0 && performance.now() < giveUpAt) {
      came = await moves.changeOwner().catch((error: Error) => error.message);
    }
    for (const takeAway of traps) takeAway();
    if (passed < after) control.kill();
    await control.whenReady();
    const { owner, epoch } = await moves.until('the move has ended', ({ moving }) => moving === null);
    return `after ${Math.min(passed, after)} statements (${came}): the ${owner} is the owner at epoch ${epoch}`;
  },
};

/** How long the rows of a chunk are on their way, so that writes overtake them. */
const HELD_MS = 700;
const [CHUNK_READ] = COPY;

/**
 * The rows of each chunk are read and arrive late: meanwhile they are changed, deleted and inserted again, and those
 * changes are applied before them.
 */
export function holdChunks({ sync, say }: Scene): () => void {
  let chunks = 0;
  let takeAway = (): void => undefined;
  const lay = (): void => {
    takeAway = sync.wires.monolith.trap(CHUNK_READ.statement, 'unanswered', async () => {
      chunks += 1;
      lay();
      await pause(HELD_MS);
    });
  };
  lay();
  return () => {
    takeAway();
    if (chunks === 0) throw new NeverError(`no chunk of the copy (${CHUNK_READ.statement}) ever passed`);
    say(`${chunks} chunks of the copy came late`);
  };
}

/** Back to the beginning; then the rows are copied again, and the sync is killed between two chunks. */
export const copyAgain: Fault = {
  kind: 'copy again, kill sync: chunk',
  beginsAnew: true,
  strike: (scene, random) =>
    scene.moves.alone(async () => {
      const { moves, writers, sync } = scene;
      await moves.until('no move is under way', ({ moving }) => moving === null);
      if ((await moves.owner()) === 'service') await moves.insist('rollback');
      await writers.rest();
      writers.letStray(false);
      writers.resume();
      await moves.insist('rollback');
      await moves.insist('rollback');
      await emptyService(scene);
      const letPass = holdChunks(scene);
      const step = random.pick(COPY);
      const killing = atStep(scene, sync, step, () => sync.kill());
      await moves.insist('sync');
      writers.letStray(true);
      await killing;
      await copied(scene);
      letPass();
      await moves.insist('shadow');
      return `"${step.name}"`;
    }),
};

export async function copied({ moves }: Scene): Promise<void> {
  await moves.until('all rows are copied', ({ sync }) => sync?.state === 'live');
}

async function emptyService({ sides, watch }: Scene): Promise<void> {
  await sides.service.transaction(async (sql) => {
    for (const table of WORKLOADS.flatMap((workload) => workload.tables.service))
      await sql(`DELETE FROM ${table}`);
  });
  watch.beginAnew('service');
}
