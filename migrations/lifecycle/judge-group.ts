import { SilentDatabaseError } from '../databases/errors.ts';
import { within } from '../databases/within.ts';
import { readKept } from '../drift/keep.ts';
import type { Capability } from './capability.ts';
import { gatherEvidence } from './evidence.ts';
import type { MigrationState } from './fold.ts';
import type { JournalFollower } from './follow.ts';
import type { GateResult } from './gates.ts';
import { gatesOf, judge } from './gates.ts';
import type { PlanOptions } from './order.ts';
import { isNamed, overrideAll } from './override.ts';
import { precedenceOf } from './precedence.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Verb } from './stages.ts';
import type { ControlStore } from './store.ts';

/** For all that the gates ask of databases and applications together. */
const EVIDENCE_MS = 30_000;

/** Where the gates find what they judge by. */
export interface JudgeContext {
  store: ControlStore;
  journal: JournalFollower;
  /** Read anew each time: the configuration may change. */
  capabilities: { readonly byName: ReadonlyMap<string, Capability> };
  shadowOf: (migration: string) => Promise<ShadowCounts | null>;
  /** What recorded answers do against their contracts, each in one line; nothing when left out. */
  recordedOf?: (migration: string) => Promise<string[]>;
}

/**
 * What the gates of a move say now, of each member of a group, in its order.
 *
 * @throws SilentDatabaseError when a database does not answer; OverrideError
 */
export async function judgeGroup(
  context: JudgeContext,
  group: readonly Capability[],
  verb: Verb,
  options: PlanOptions,
): Promise<GateResult[][]> {
  const silent = (waitedFor: readonly string[]): Error =>
    new SilentDatabaseError(`the gates of "${verb}"`, waitedFor, EVIDENCE_MS);
  const judged = await within(EVIDENCE_MS, silent, () =>
    Promise.all(
      group.map((capability) =>
        judgeOne(context, capability, context.journal.state(capability.name), verb, options),
      ),
    ),
  );
  return overrideAll(verb, judged, options.override ?? []);
}

async function judgeOne(
  { store, journal, capabilities, shadowOf, recordedOf = async () => [] }: JudgeContext,
  capability: Capability,
  state: MigrationState,
  verb: Verb,
  { rehearse = true, override: names = [] }: PlanOptions,
): Promise<GateResult[]> {
  const after = new Map([...capabilities.byName].map(([name, each]) => [name, each.after ?? []]));
  const precedence = precedenceOf(capability.name, after, (name) => journal.state(name));
  const isOrdered = precedence.before.length + precedence.behind.length > 0;
  const gates = gatesOf(verb, state.stage, capability.databases !== null, rehearse, isOrdered);
  if (gates.length === 0) return [];
  const [reports, shadow, recorded, shape, now] = await Promise.all([
    store.reports(),
    shadowOf(capability.name),
    verb === 'cutover' ? recordedOf(capability.name) : [],
    readKept(store, capability.name, journal.entries),
    store.now(),
  ]);
  const regardlessOfHealth = isNamed(names, 'health');
  const known = { precedence, reports, shadow, recorded, shape, rehearse, regardlessOfHealth, now };
  const evidence = await gatherEvidence(capability, state, verb, known);
  return judge(gates, evidence, capability.thresholds);
}
