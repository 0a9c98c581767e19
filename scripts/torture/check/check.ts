import { replayControl } from '../../testing/replay-control.ts';
import { NeverError } from '../moves.ts';
import type { Scene } from '../scene.ts';
import { otherSide, SIDES } from '../sides.ts';
import type { SideName } from '../sides.ts';
import type { Fault } from '../workloads/workload.ts';
import { WORKLOADS } from '../workloads/all.ts';
import { compareSides } from './compare.ts';
import { checkLists } from './lists.ts';
import { checkRegisters } from './registers.ts';

export interface Checked {
  rows: number;
  faults: Fault[];
}

/**
 * Lets the writers rest until the follower has all, and holds both databases to the ledger and to each other. Then the
 * product's own verify has to say the same.
 */
export function check(scene: Scene): Promise<Checked> {
  return scene.moves.alone(() => scene.writers.quietly(() => checkAtRest(scene)));
}

async function checkAtRest(scene: Scene): Promise<Checked> {
  const { moves, sides, ledger, watch } = scene;
  const late = await caughtUp(scene).then(() => [], neverCame);
  const faults: Fault[] = [...watch.faults.splice(0), ...late];
  for (const side of SIDES) {
    for (const workload of WORKLOADS) {
      const look = await sides[side].read((sql) => workload.look(sql, side));
      const found = [
        ...look.faults,
        ...watch.compareOwn(side, look.own ?? new Map()),
        ...(look.lists
          ? checkLists(ledger, workload.name, look.lists)
          : checkRegisters(ledger, workload.name, look.registers)),
      ];
      faults.push(...found.map((fault) => ({ ...fault, side, workload: workload.name })));
    }
  }
  // What never catches up has no echo to listen for.
  if (late.length === 0) faults.push(...(await echoes(scene).catch(neverCame)));
  const { wrong } = await replayControl(scene.servers.control.url);
  faults.push(...wrong.map((what) => ({ ...faultOf(what, 'the protocol'), kind: 'not allowed' as const })));
  const compared = await compareSides(WORKLOADS, sides.monolith, sides.service);
  faults.push(...compared.faults);
  const verified = await moves.verify();
  const isSame = verified.state === 'done' && (verified.differences === 0) === (compared.faults.length === 0);
  if (!isSame && late.length === 0) {
    const own = `${compared.faults.length} differences by our own comparison`;
    faults.push(faultOf(`${own}, and the product says ${JSON.stringify(verified)}`, "the product's verify"));
  }
  return { rows: compared.rows, faults };
}

/** @throws what is no case */
function neverCame(error: unknown): Fault[] {
  if (!(error instanceof NeverError)) throw error;
  return [{ ...faultOf(error.message, 'the sync'), kind: 'never' }];
}

/** What is applied is no change of the side that follows: it would go back to where it came from. */
async function echoes({ moves, sides }: Scene): Promise<Fault[]> {
  const owner = await moves.owner();
  const follower = otherSide(owner);
  const changes = (side: SideName): Promise<number> => sides[side].captured();
  const [here, there] = [await changes(owner), await changes(follower)];
  const [table, key] = owner === 'monolith' ? ['seat', 'seat_no'] : ['place', 'number'];
  await sides[owner].transaction((sql) => sql(`UPDATE ${table} SET op = op WHERE ${key} <= 5`));
  await caughtUp({ moves });
  const [captured, echoed] = [(await changes(owner)) - here, (await changes(follower)) - there];
  if (captured >= 5 && echoed === 0) return [];
  const what = `5 updates at the ${owner} became ${captured} changes there, and ${echoed} at the ${follower}`;
  return [faultOf(what, 'an echo')];
}

const faultOf = (what: string, key: string): Fault => ({
  kind: 'difference',
  side: 'both',
  workload: 'the product',
  key,
  what,
});

/** Twice reported since: what the next report says may have been counted before the last write. */
async function caughtUp({ moves }: Pick<Scene, 'moves'>): Promise<void> {
  await moves.until('no move is under way', ({ moving }) => moving === null);
  for (let reports = 0; reports < 2; reports += 1) {
    const before = (await moves.status())?.sync?.reportedAt;
    await moves.until('the sync reports', ({ sync }) => sync?.reportedAt !== before);
  }
  await moves.until(
    'the follower has everything',
    ({ sync }) => sync?.state === 'live' && sync.lagChanges === 0 && sync.parked === 0,
  );
}
