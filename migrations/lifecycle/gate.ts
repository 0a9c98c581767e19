import type { Finding } from '../databases/finding.ts';
import type { Drift } from '../drift/compare.ts';
import type { Precedence } from './precedence.ts';
import type { ContractEvidence, ContractSettings } from './contract.ts';
import type { ReverseProof } from './prove-reverse.ts';
import type { QuietEvidence } from './quiet.ts';
import type { ShadowCounts } from './shadow-verdict.ts';
import type { Side } from './stages.ts';
import type { StrayWritersSettings, WritersRecord } from './writers.ts';

/** A condition with evidence that a move needs. */
export interface GateResult {
  gate: string;
  passed: boolean;
  value: string;
  threshold: string;
  /** What to do when it did not pass; empty when it did. */
  advice: string;
  /** Why nobody may override it as it stands; empty when somebody may, and when it passed. */
  notOverridable: string;
  /** It did not pass, and whoever orders the move takes that on. */
  overridden: boolean;
}

export interface GateThresholds {
  /** Seconds that the follower may be behind. */
  lagSeconds: number;
  /** Compared answers that a verdict needs. */
  shadowSamples: number;
  /** Share of answers in percent that may differ. */
  shadowMismatchPercent: number;
  /** Age in minutes that the last full verify may have. */
  verifyMaxAgeMinutes: number;
  /** Whether columns that came after the sync began may stay behind; they may not unless this says so. */
  addedColumns?: 'refuse' | 'allow';
  /** What the gate on contracts refuses; breaking differences when left out. */
  contract?: ContractSettings;
  /** How long nobody may have used the monolith before a migration is retired, in milliseconds; not at all by default. */
  retireQuietMs?: number;
  /** Whom the cutover may find writing to the monolith's tables; nobody is judged when left out. */
  strayWriters?: StrayWritersSettings;
}

/** What was looked at, as found; null where nothing is known. */
export interface Evidence {
  /** When it was looked at, by the store's clock, as the times of what was found are. */
  now: number;
  /** One message per side that cannot be reached. */
  unreachable: string[];
  /** Names of the following side's tables that hold rows before the sync began. */
  occupied: string[];
  /** What stands in the way of a sync in either database. */
  unfit: readonly Finding[];
  backfill: { done: boolean; detail: string } | null;
  lag: { seconds: number; changes: number } | null;
  parked: number | null;
  /** How the tables differ from what they were when the sync began; null when that is not known. */
  drift: readonly Drift[] | null;
  verify: {
    at: string;
    ageMinutes: number;
    differences: number;
    unsettled: number;
    rows: number;
    owner: Side;
  } | null;
  shadow: ShadowCounts | null;
  contract: ContractEvidence | null;
  /** Why the way back is not proven. */
  reverse: ReverseProof | null;
  /** How long nobody has used the monolith's side any more. */
  quiet?: QuietEvidence | null;
  /** Who was seen writing to the monolith's tables. */
  writers?: WritersRecord | null;
  /** Where the migrations stand that it comes after, and that come after it. */
  precedence?: Precedence;
}

const FEW = 5;

/**
 * Judges one condition.
 *
 * @param isHandOver whether the move changes the owner: what is only unwise elsewhere may lose rows then
 */
export type Gate = (evidence: Evidence, thresholds: GateThresholds, isHandOver: boolean) => GateResult;

/** @param notOverridable why nobody may override it as it stands; nothing when somebody may */
export const result = (
  gate: string,
  passed: boolean,
  value: string,
  threshold: string,
  advice: string,
  notOverridable = '',
): GateResult => ({
  gate,
  passed,
  value,
  threshold,
  advice: passed ? '' : advice,
  notOverridable: passed ? '' : notOverridable,
  overridden: false,
});

/** The first few of a list, and how many more there are. */
export function fewOf(names: readonly string[]): string {
  const more = names.length - FEW;
  return names.slice(0, FEW).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
