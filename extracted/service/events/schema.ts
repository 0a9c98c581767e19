import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = (identity: string, text: string): string[] => [
  `CREATE TABLE event_outbox (
    id ${identity} PRIMARY KEY,
    event_id char(36) NOT NULL UNIQUE,
    name varchar(60) NOT NULL,
    subject varchar(100) NOT NULL,
    time varchar(30) NOT NULL,
    data ${text} NOT NULL
  )`,
  `CREATE TABLE event_inbox (
    subject varchar(201) NOT NULL PRIMARY KEY,
    sequence varchar(20) NOT NULL,
    event_id varchar(100) NOT NULL
  )`,
];

const IN_MYSQL = columns('bigint NOT NULL AUTO_INCREMENT', 'longtext').map(
  (statement) => `${statement} ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
);
const IN_POSTGRES = columns('bigint GENERATED ALWAYS AS IDENTITY', 'text');

/** The books of a service's events: what it has to tell, and what it has taken. */
export class CreateEventBooks implements MigrationInterface {
  readonly name = 'CreateEventBooks1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    const isMysql = runner.connection.options.type === 'mysql';
    for (const statement of isMysql ? IN_MYSQL : IN_POSTGRES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE event_inbox, event_outbox');
  }
}
