/** What the journal says, in sentences: the page and the CLI say the same. */
import type { components } from '../control/api.gen.ts';
import { percent } from './words.ts';

type Schemas = components['schemas'];

/** As much of a decision as a person wants to read; which of it is there depends on the kind. */
interface Facts {
  verb?: string;
  from?: string;
  to?: string;
  weight?: number;
  owner?: string;
  why?: string;
  rows?: number;
  table?: string;
  key?: string;
  path?: string;
  ramp?: { steps: unknown[]; at: number };
  broken?: { guardrail: string }[];
  seen?: { overrides?: { gate: string; value: string; threshold: string }[] } | null;
}

/** What was decided, in one line: from where to where, which gates were overridden and which guardrail broke. */
export function whatInWords(entry: Schemas['JournalEntry']): string {
  const { seen } = (entry.evidence ?? {}) as Facts;
  const overridden = (seen?.overrides ?? []).map(
    ({ gate, value, threshold }) => `${gate} (${value}, needs ${threshold})`,
  );
  return decisionInWords(entry) + (overridden.length > 0 ? `, overridden: ${overridden.join(', ')}` : '');
}

function decisionInWords({ kind, evidence }: Schemas['JournalEntry']): string {
  const facts = (evidence ?? {}) as Facts;
  const { from, to, owner, why, rows, table, key, path } = facts;
  switch (kind) {
    case 'stage-changed':
      return to === undefined ? kind : stageInWords(facts);
    case 'owner-changed':
      return owner === undefined ? kind : `${kind}: ${owner}`;
    case 'repaired':
      return rows === undefined ? kind : `${kind}: ${rows} rows`;
    case 'skipped':
      return table === undefined ? kind : `${kind}: ${table} ${key ?? ''}`;
    case 'field-ignored':
    case 'field-compared':
      return path === undefined ? kind : `${kind}: ${path}`;
    case 'aborting':
    case 'aborted':
      return why === undefined ? kind : `${kind}: ${why}`;
    default:
      return from === undefined || to === undefined ? kind : `${kind}: ${from} → ${to}`;
  }
}

function stageInWords({ from = '?', to = '?', weight = 0, ramp, broken = [] }: Facts): string {
  return [
    `${from} → ${to}`,
    ...(to === 'canary' ? [` ${percent(weight)}`] : []),
    ...(ramp ? [`, step ${ramp.at + 1} of ${ramp.steps.length} of a ramp`] : []),
    ...(broken.length > 0 ? [`, broken: ${broken.map(({ guardrail }) => guardrail).join(', ')}`] : []),
  ].join('');
}
