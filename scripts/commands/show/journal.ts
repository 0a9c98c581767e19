import { percent } from '../../../proxy/dashboard/words.js';
import type { Schemas } from '../client.ts';

/** As much of a decision as a person wants to read; which of it is there depends on the kind. */
interface Facts {
  verb?: string;
  from?: string;
  to?: string;
  weight?: number;
  owner?: string;
  why?: string;
  rows?: number;
  ramp?: { steps: unknown[]; at: number };
  broken?: { guardrail: string }[];
}

/** What was decided, in one line: from where to where, and which guardrail broke; the reason has its evidence. */
export function whatInWords({ kind, evidence }: Schemas['JournalEntry']): string {
  const facts = (evidence ?? {}) as Facts;
  const { from, to, owner, why, rows } = facts;
  switch (kind) {
    case 'stage-changed':
      return to === undefined ? kind : stageInWords(facts);
    case 'owner-changed':
      return owner === undefined ? kind : `${kind}: ${owner}`;
    case 'repaired':
      return rows === undefined ? kind : `${kind}: ${rows} rows`;
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
