import { openMysqlSide } from './side-mysql.ts';
import { openPostgresSide } from './side-postgres.ts';

export type SideName = 'monolith' | 'service';
export const SIDES: readonly SideName[] = ['monolith', 'service'];
export const otherSide = (side: SideName): SideName => (side === 'monolith' ? 'service' : 'monolith');

export type Dialect = 'postgres' | 'mysql';
export type Row = Record<string, string | null>;

/** Runs one statement of a workload on a side. `?` stands for a value; every value comes back as text. */
export interface Sql {
  (text: string, ...values: unknown[]): Promise<{ rows: Row[]; count: number }>;
  /** What the statement has to be written in. */
  readonly dialect: Dialect;
}

/** Connections to one side's database, past the product. */
export interface SideDatabase {
  readonly side: SideName;
  readonly dialect: Dialect;
  /**
   * Runs `work` in one transaction.
   *
   * @throws NotDoneError when it is certain that nothing was written; anything else leaves it open
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** All reads of `work` see one moment. */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** How many changes were ever captured here, as far as their numbers tell. */
  captured(): Promise<number>;
  close(): Promise<void>;
}

export const openSide = (side: SideName, dialect: Dialect, url: string, connections: number): SideDatabase =>
  (dialect === 'postgres' ? openPostgresSide : openMysqlSide)(side, url, connections);
