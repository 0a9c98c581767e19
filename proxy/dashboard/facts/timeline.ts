import type { components } from '../../control/api.gen.ts';
import { whatInWords } from '../journal-words.ts';
import type { Tone } from './standing.ts';

type Entry = components['schemas']['JournalEntry'];

/** One decision, as the timeline shows it. */
export interface Moment {
  seq: number;
  at: string;
  migration: string;
  what: string;
  tone: Tone;
  who: string;
  why: string | null;
  epoch: number;
  /** What the decision rested on, as indented JSON; null when nothing was kept. */
  evidence: string | null;
  hash: string;
}

/** The journal's entries, the newest first. */
export function timelineOf(entries: readonly Entry[]): Moment[] {
  return entries.map(momentOf).reverse();
}

function momentOf(entry: Entry): Moment {
  const { seq, at, migration, actor, reason, epoch, evidence, hash } = entry;
  const isEmpty = evidence === null || evidence === undefined || JSON.stringify(evidence) === '{}';
  return {
    ...{ seq, at, migration, epoch, hash },
    what: whatInWords(entry),
    tone: toneOf(entry),
    who: actor,
    why: reason,
    evidence: isEmpty ? null : JSON.stringify(evidence, null, 2),
  };
}

function toneOf({ kind, evidence }: Entry): Tone {
  const { verb, broken } = (evidence ?? {}) as { verb?: string; broken?: unknown[] };
  if (kind === 'aborted' || kind === 'aborting' || (broken?.length ?? 0) > 0) return 'bad';
  if (verb === 'rollback' || kind === 'rollback-started' || kind === 'skipped' || kind === 'field-ignored')
    return 'attention';
  return kind === 'stage-changed' || kind === 'owner-changed' ? 'good' : 'plain';
}
