import pg from 'pg';

export type SideName = 'monolith' | 'service';
export const SIDES: readonly SideName[] = ['monolith', 'service'];
export const otherSide = (side: SideName): SideName => (side === 'monolith' ? 'service' : 'monolith');

export type Row = Record<string, string | null>;

/** Runs one statement of a workload on a side. `?` stands for a value; every value comes back as text. */
export type Sql = (text: string, ...values: unknown[]) => Promise<{ rows: Row[]; count: number }>;

/** Postgres' words for the fence that refuses, and for the TRUNCATE that the product does not follow. */
const REFUSALS = new Set(['STF01', 'STF02']);

/** Nothing was written, for certain: refused by the fence or another rule of the database, or nothing was there. */
export class NotDoneError extends Error {
  readonly isFenced: boolean;
  constructor(why: string, isFenced = false) {
    super(why);
    this.name = 'NotDoneError';
    this.isFenced = isFenced;
  }
}

const asText = { getTypeParser: () => (text: string | Buffer) => text };

/** Connections to one side's database, past the product. */
export class SideDatabase {
  readonly side: SideName;
  private readonly pool: pg.Pool;

  constructor(side: SideName, url: string, connections: number) {
    this.side = side;
    this.pool = new pg.Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: 5000,
      application_name: `torture ${side}`,
      types: asText,
      // A writer that waits for a lock for ever would stop the test, not the product.
      options: '-c lock_timeout=4000 -c statement_timeout=20000 -c TimeZone=UTC',
    });
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Runs `work` in one transaction.
   *
   * @throws NotDoneError when it is certain that nothing was written; anything else leaves it open
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: Error) => {
      throw new NotDoneError(`no connection: ${error.message}`);
    });
    let isCommitting = false;
    try {
      await client.query('BEGIN');
      const result = await work(sqlOf(client));
      isCommitting = true;
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      const broken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      client.release(broken);
      throw isCommitting ? error : notDone(error);
    }
  }

  /** All reads of `work` see one moment. */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.transaction(async (sql) => {
      await sql('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      return work(sql);
    });
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

function sqlOf(client: pg.PoolClient): Sql {
  return async (text, ...values) => {
    let n = 0;
    const result = await client.query<Row>(
      text.replaceAll('?', () => `$${(n += 1)}`),
      values.length > 0 ? values : undefined,
    );
    return { rows: result.rows, count: result.rowCount ?? 0 };
  };
}

/** Before the COMMIT was sent, whatever went wrong undid the transaction. */
function notDone(error: unknown): NotDoneError {
  if (error instanceof NotDoneError) return error;
  const state = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
  return new NotDoneError(error instanceof Error ? error.message : String(error), REFUSALS.has(state));
}
