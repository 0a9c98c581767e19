import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that lead from one capability into another: no two databases can keep such a promise together. */
const CROSSING = [
  ['shp_cart_ln', 'shp_cart_ln_prod_id_fkey', 'prod_id', 'tbl_products'],
  ['ord_ln', 'ord_ln_prod_id_fkey', 'prod_id', 'tbl_products'],
  ['pymt', 'pymt_ord_id_fkey', 'ord_id', 'ord_hdr'],
] as const;

// One row for each checkout of the cart service, so that asking twice does things once, and too late does nothing.
const TABLES = `
  CREATE TABLE stk_resv (
    resv_ref varchar(40) PRIMARY KEY,
    stat_cd char(1) NOT NULL CHECK (stat_cd IN ('R', 'X'))
  );
  CREATE TABLE pymt_auth (
    auth_ref varchar(40) PRIMARY KEY,
    mthd_cd char(1) NULL CHECK (mthd_cd IN ('C', 'I', 'K')),
    amt numeric(14,2) NULL,
    stat_cd char(1) NOT NULL CHECK (stat_cd IN ('A', 'C', 'V'))
  );
  CREATE TABLE ord_ref (
    ord_ref varchar(40) PRIMARY KEY,
    ord_id integer NULL
  )`;

/** What the team changes before the first capability leaves: see docs/shop.md. */
export class PartCapabilities implements MigrationInterface {
  readonly name = 'PartCapabilities1290000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, key] of CROSSING) await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT ${key}`);
    await runner.query(TABLES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ord_ref, pymt_auth, stk_resv');
    for (const [table, key, column, other] of CROSSING) {
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT ${key} FOREIGN KEY (${column}) REFERENCES ${other}`,
      );
    }
  }
}
