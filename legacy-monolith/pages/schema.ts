import type { MigrationInterface, QueryRunner } from 'typeorm';

// A session is kept by the digest of what its cookie says: who reads the table cannot take a session over.
const TABLES = `
  CREATE TABLE web_usr (
    usr_id serial PRIMARY KEY,
    cust_id integer NOT NULL REFERENCES cust_mst,
    eml varchar(200) NOT NULL,
    pwd_hsh varchar(200) NOT NULL,
    cart_id integer NULL
  );
  CREATE UNIQUE INDEX web_usr_eml ON web_usr (lower(eml));
  CREATE TABLE web_sess (
    sess_dgst char(64) PRIMARY KEY,
    usr_id integer NULL REFERENCES web_usr,
    csrf_tok varchar(64) NOT NULL,
    exp_dt timestamptz NOT NULL
  );
  CREATE INDEX web_sess_exp ON web_sess (exp_dt)`;

/** What the pages keep for themselves. It belongs to no capability, and stays in the monolith. */
export class AddPages implements MigrationInterface {
  readonly name = 'AddPages1290000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE web_sess, web_usr');
  }
}
