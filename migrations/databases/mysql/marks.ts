import type { AppliedRow, TargetRow } from '../database.ts';
import type { Session } from './connect.ts';
import { keyHash, literal } from './identifiers.ts';

export type Mark = NonNullable<AppliedRow['mark']>;

/** The hash under which a truncation is marked: that of the empty key. */
const TRUNCATED = keyHash('');
const HASHES = 1000;

const hashes = new WeakMap<TargetRow, string>();

/** Asked for a few times while a row is written. */
function hashOf(row: TargetRow): string {
  const hash = hashes.get(row) ?? keyHash(row.sourceKey);
  hashes.set(row, hash);
  return hash;
}

export const isOlder = (a: Pick<Mark, 'epoch' | 'version'>, b: Pick<Mark, 'epoch' | 'version'>): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.version < b.version);

/** The high-water marks of one migration, in the applier's transaction, which no other applier is beside. */
export class Marks {
  private readonly session: Session;
  private readonly migration: string;
  private readonly epoch: bigint;

  constructor(session: Session, migration: string, epoch: bigint) {
    this.session = session;
    this.migration = literal(migration);
    this.epoch = epoch;
  }

  /** Those of the rows that are newer than what is marked: of the key, or of the whole table by a truncation. */
  async newerThanMarked(entry: string, rows: readonly TargetRow[]): Promise<TargetRow[]> {
    const marks = new Map<string, Mark>();
    for (let i = 0; i < rows.length; i += HASHES) {
      const wanted = rows.slice(i, i + HASHES).map(hashOf);
      const found = await this.session.rows(
        `SELECT LOWER(HEX(key_hash)), epoch, version, deleted FROM strangler_mark
         WHERE migration = ${this.migration} AND entry = ${literal(entry)}
           AND key_hash IN (${[...wanted, TRUNCATED].join(', ')})`,
      );
      for (const [hash, ...mark] of found) marks.set(`x'${hash}'`, toMark(mark));
    }
    const truncated = marks.get(TRUNCATED);
    return rows.filter((row) => {
      const mine = { epoch: this.epoch, version: BigInt(row.version) };
      const mark = marks.get(hashOf(row));
      return (!mark || isOlder(mark, mine)) && (!truncated || isOlder(truncated, mine));
    });
  }

  /** Sets the marks of rows that are newer than what is marked. */
  async set(entry: string, rows: readonly TargetRow[], deleted: boolean): Promise<void> {
    for (let i = 0; i < rows.length; i += HASHES) {
      const values = rows
        .slice(i, i + HASHES)
        .map(
          (row) =>
            `(${this.migration}, ${literal(entry)}, ${hashOf(row)}, ${this.epoch}, ${BigInt(row.version)}, ${deleted})`,
        );
      // The primary key is the only one here.
      await this.session.run(
        `INSERT INTO strangler_mark (migration, entry, key_hash, epoch, version, deleted) VALUES ${values.join(', ')}
         ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), version = VALUES(version), deleted = VALUES(deleted)`,
      );
    }
  }

  /**
   * A truncation is one mark in the place of those of all keys before it.
   *
   * @returns false when a later one is marked, and nothing was done
   */
  async truncate(entry: string, version: string): Promise<boolean> {
    const row = { sourceKey: '', version, values: {} };
    const [newer] = await this.newerThanMarked(entry, [row]);
    if (!newer) return false;
    await this.set(entry, [row], true);
    await this.session.run(
      `DELETE FROM strangler_mark WHERE migration = ${this.migration} AND entry = ${literal(entry)}
         AND key_hash <> ${TRUNCATED} AND (epoch, version) < (${this.epoch}, ${BigInt(version)})`,
    );
    return true;
  }
}

/** From epoch, version and whether it is deleted. */
export const toMark = ([epoch, version, deleted]: readonly (string | null)[]): Mark => ({
  epoch: BigInt(epoch ?? 0),
  version: BigInt(version ?? 0),
  deleted: deleted === '1',
});
