import type { MigrationInterface, QueryRunner } from 'typeorm';

// Times are UTC, whatever the session's zone: DATETIME does not care for it.
const PAYMENT = `
  CREATE TABLE payment (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id int NOT NULL,
    method varchar(10) NOT NULL CHECK (method IN ('card', 'invoice', 'cash')),
    amount decimal(14,2) NOT NULL,
    status varchar(10) NOT NULL DEFAULT 'paid' CHECK (status IN ('paid', 'refunded')),
    paid_at datetime(6) NOT NULL DEFAULT (utc_timestamp(6)),
    INDEX payment_order (order_id)
  ) ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

// One row for each checkout, so that asking twice does things once, and too late does nothing.
const AUTHORISATION = `
  CREATE TABLE authorisation (
    reference varchar(40) NOT NULL PRIMARY KEY,
    method varchar(10) NULL,
    amount decimal(14,2) NULL,
    state varchar(10) NOT NULL CHECK (state IN ('authorised', 'captured', 'voided'))
  ) ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/** TypeORM takes a migration's order from the number that ends its name. */
export class CreatePayments implements MigrationInterface {
  readonly name = 'CreatePayments1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PAYMENT);
    await runner.query(AUTHORISATION);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE authorisation, payment');
  }
}

const ORDERS_TO_PAY = `
  CREATE TABLE order_to_pay (
    order_id int NOT NULL PRIMARY KEY,
    noted_at datetime(6) NOT NULL DEFAULT (utc_timestamp(6)),
    INDEX order_to_pay_noted (noted_at)
  ) ENGINE InnoDB`;

export class AddOrdersToPay implements MigrationInterface {
  readonly name = 'AddOrdersToPay1760000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ORDERS_TO_PAY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE order_to_pay');
  }
}
