import type { Ground, SyncedCapability } from './capability.ts';
import type { Stage, Verb } from './stages.ts';
import { changesOwner } from './stages.ts';

/** Something that a move does besides the journal entry. `undo` is what the rollback to the stage before does. */
interface Work {
  steps: readonly string[];
  /** @param ground with the mapping for what installs; what removes does without */
  run(ground: Ground | SyncedCapability, epoch: number): Promise<void>;
}

interface Move {
  run: Work;
  /** Null: there is no way back. */
  undo: Work | null;
}

const nothing: Work = { steps: [], run: async () => undefined };

const install: Work = {
  steps: [
    "create bookkeeping, capture and fence in the service's database; its tables are fenced: they follow",
    "create bookkeeping, capture and a fence that is down in the monolith's database",
    'copy the existing rows while live changes flow (goes on after the move)',
  ],
  async run(ground, epoch) {
    if (!('mapping' in ground)) throw new Error(`"${ground.name}" is to be installed without its mapping`);
    const { name, databases, mapping } = ground;
    const { monolith, service } = databases;
    const side = { epoch: BigInt(epoch), owner: monolith.label };
    await service.install(name, mapping.toMonolith.captured, { ...side, role: 'follower' });
    await monolith.install(name, mapping.toService.captured, { ...side, role: 'owner' });
  },
};

const uninstall: Work = {
  steps: ['remove capture, fence and bookkeeping from both databases; the copied rows stay in the service'],
  async run(ground, epoch) {
    const { name, databases, tables } = ground;
    await databases.monolith.remove(name, tables.monolith, BigInt(epoch));
    await databases.service.remove(name, tables.service, BigInt(epoch));
  },
};

const handOver = (from: string, to: string): Work => ({
  steps: [
    'compare the rows touched lately, and have everything at hand, while nobody waits yet',
    'hold new writes in every proxy, let running ones finish',
    `fence the ${from}'s tables, once running transactions have ended`,
    `carry over what is still on its way to the ${to}`,
    'compare the rows touched lately once more, raise identity sequences',
    'journal the new owner: the point of no return',
    `let the ${to} take writes, release the held ones to it`,
    `follow the other way: ${to} → ${from}`,
  ],
  // The protocol in change-owner.ts carries these out; nothing is left to do here.
  run: async () => undefined,
});

/** Every move with the way back from where it leads. */
const MOVES: Readonly<Record<Exclude<Verb, 'rollback'>, Move>> = {
  sync: { run: install, undo: uninstall },
  shadow: { run: nothing, undo: nothing },
  canary: { run: nothing, undo: nothing },
  cutover: {
    run: handOver('monolith', 'service'),
    undo: handOver('service', 'monolith'),
  },
  retire: {
    run: uninstall,
    undo: null,
  },
};

/** Which move led to a stage, and is undone by a rollback from it. */
const LED_TO: Readonly<Record<Stage, Exclude<Verb, 'rollback'> | null>> = {
  legacy: null,
  'dual-write': 'sync',
  shadow: 'shadow',
  canary: 'canary',
  extracted: 'cutover',
  retired: 'retire',
};

/** What a move does, from a stage. */
export function workOf(verb: Verb, from: Stage, synced: boolean): Work {
  const ledHere = LED_TO[from];
  const work = verb === 'rollback' ? ledHere && MOVES[ledHere].undo : MOVES[verb].run;
  return synced || changesOwner(verb, from) ? (work ?? nothing) : nothing;
}

/** Whether the move does anything in the databases. */
export function touchesData(verb: Verb, from: Stage): boolean {
  return workOf(verb, from, true) !== nothing;
}
