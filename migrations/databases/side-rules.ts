/**
 * What a database lets be done to its side of a migration. Each dialect does these in one statement under a lock; a
 * test holds them against the real databases, and the exploration of the protocol is made with them.
 */
export interface SideRow {
  role: 'owner' | 'fenced' | 'follower';
  /** Newest epoch that this side has taken. */
  epoch: number;
  /** Newest epoch that anybody tried to bring about here. */
  attempt: number;
}

/** The row afterwards; null when the database refuses. */
type Rule<Given extends number[]> = (row: SideRow, ...given: Given) => SideRow | null;

/** Only an owner is fenced, and only for an attempt that is newer than all before. */
export const raiseFence: Rule<[attempt: number]> = (row, attempt) =>
  row.role === 'owner' && row.attempt < attempt ? { ...row, role: 'fenced', attempt } : null;

/** Refused to whoever comes later than a newer epoch or attempt. */
export const becomeOwner: Rule<[epoch: number, attempt: number]> = (row, epoch, attempt) =>
  row.epoch <= epoch && row.attempt <= attempt ? { role: 'owner', epoch, attempt } : null;

/** A side that takes writes cannot become a follower: it has to be fenced first. */
export const becomeFollower: Rule<[epoch: number]> = (row, epoch) =>
  row.epoch <= epoch && row.role !== 'owner'
    ? { role: 'follower', epoch, attempt: Math.max(row.attempt, epoch) }
    : null;

export const takesWrites = ({ role }: SideRow): boolean => role === 'owner';

/** Whether changes that were read in this epoch are applied here. */
export const takesChanges = ({ role, epoch }: SideRow, of: number): boolean =>
  role === 'follower' && epoch === of;
