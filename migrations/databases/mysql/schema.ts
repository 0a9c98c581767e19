import type { Session } from './connect.ts';

/**
 * The bookkeeping that lives in every database taking part, under the prefix `strangler_`, for a server has no schemas
 * inside a database. `change` and `fence` are of the capture triggers, `read` of who reads the changes; all the rest
 * belongs to the applier that writes this side. Nothing but `fence` is ever locked by writers of the application.
 */
const COLUMN = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL';
const MIGRATION = `migration VARCHAR(64) ${COLUMN}`;
const KEY = `key_hash BINARY(32) NOT NULL`;
const ENGINE = 'ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

export const TABLES: Readonly<Record<string, string>> = {
  strangler_change: `(
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    batch BIGINT UNSIGNED NULL,
    at DATETIME(6) NOT NULL,
    ${MIGRATION},
    source VARCHAR(129) ${COLUMN},
    op CHAR(1) ${COLUMN},
    ${KEY},
    \`key\` LONGTEXT ${COLUMN},
    \`row\` LONGTEXT ${COLUMN},
    KEY change_by_batch (migration, batch, id),
    KEY change_by_key (migration, source, key_hash, id))`,
  strangler_fence: `(${MIGRATION} PRIMARY KEY, raised BOOLEAN NOT NULL)`,
  strangler_read: `(${MIGRATION} PRIMARY KEY, batch BIGINT UNSIGNED NOT NULL)`,
  strangler_side: `(
    ${MIGRATION} PRIMARY KEY,
    role VARCHAR(10) ${COLUMN},
    owner VARCHAR(255) ${COLUMN},
    epoch BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    position LONGTEXT ${COLUMN})`,
  strangler_mark: `(
    ${MIGRATION},
    entry VARCHAR(255) ${COLUMN},
    ${KEY},
    epoch BIGINT NOT NULL,
    version BIGINT UNSIGNED NOT NULL,
    deleted BOOLEAN NOT NULL,
    PRIMARY KEY (migration, entry, key_hash))`,
  strangler_parked: `(
    ${MIGRATION},
    source VARCHAR(129) ${COLUMN},
    ${KEY},
    id BIGINT UNSIGNED NOT NULL,
    op CHAR(1) ${COLUMN},
    \`key\` LONGTEXT ${COLUMN},
    \`row\` LONGTEXT ${COLUMN},
    reason LONGTEXT ${COLUMN},
    parked_at DATETIME(6) NOT NULL,
    tries INT NOT NULL DEFAULT 0,
    next_try DATETIME(6) NULL,
    PRIMARY KEY (migration, source, key_hash, id),
    KEY parked_by_age (migration, id),
    KEY parked_due (migration, tries, next_try))`,
  strangler_backfill: `(
    ${MIGRATION},
    source VARCHAR(129) ${COLUMN},
    after LONGTEXT ${COLUMN},
    copied BIGINT NOT NULL,
    done BOOLEAN NOT NULL,
    seconds DOUBLE NOT NULL,
    PRIMARY KEY (migration, source))`,
};

/** Idempotent. Commits, as every CREATE does here. */
export async function createTables(session: Session): Promise<void> {
  for (const [name, columns] of Object.entries(TABLES)) {
    await session.run(`CREATE TABLE IF NOT EXISTS ${name} ${columns} ${ENGINE}`);
  }
}

/**
 * Before every change. It is said in the language of the other side's database: this is PostgreSQL's, and a MySQL
 * source takes whatever is not the number of a batch for the beginning.
 */
export const START_POSITION = '1:1:';
