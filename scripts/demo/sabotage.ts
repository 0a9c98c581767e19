import { setTimeout as pause } from 'node:timers/promises';
import { connected } from './connected.ts';
import type { Scene } from './scene.ts';

const PATIENCE_MS = 120_000;

/** The sabotage could not do its work. */
class SabotageError extends Error {
  constructor(rows: number) {
    super(`the sabotage saw only ${rows} rows in ${PATIENCE_MS / 1000} s: too few to leave one out`);
    this.name = 'SabotageError';
  }
}

// Rows are counted by a sequence, also those whose transaction is undone; what was left out counts only once it is committed,
// or the sync, which then writes all of it once more, would mend the sabotage.
const INSTALL = `
  CREATE SCHEMA demo_sabotage;
  CREATE SEQUENCE demo_sabotage.seen;
  CREATE TABLE demo_sabotage.left_out (seen bigint PRIMARY KEY);
  CREATE FUNCTION demo_sabotage.leave_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  DECLARE number bigint := nextval('demo_sabotage.seen');
  BEGIN
    IF number < 500 + 1000 * (SELECT count(*) FROM demo_sabotage.left_out) THEN RETURN NEW; END IF;
    INSERT INTO demo_sabotage.left_out VALUES (number);
    RETURN NULL;
  END $$;
  CREATE TRIGGER demo_sabotage BEFORE INSERT ON stk_mvmt
    FOR EACH ROW EXECUTE FUNCTION demo_sabotage.leave_out()`;

/**
 * Leaves out one in a thousand stock movements on their way to the monolith's table, by a trigger of our own: the
 * product's code has no switch for it. Returns once one was left out.
 */
export async function sabotage(scene: Scene): Promise<void> {
  await connected(scene.databases.monolith, async (client) => {
    await client.query(INSTALL);
    scene.traffic.hurry();
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await client.query<{ seen: number; left: boolean }>(
        'SELECT last_value::integer AS seen, EXISTS (SELECT FROM demo_sabotage.left_out) AS left FROM demo_sabotage.seen',
      );
      const { seen, left } = rows[0] ?? { seen: 0, left: false };
      if (left) return scene.narrator.say(`The trigger has seen ${seen} movements and left out one.`);
      if (Date.now() > until) throw new SabotageError(seen);
      scene.narrator.waiting(`the trigger has seen ${seen} of 500 movements`);
      await pause(1000);
    }
  });
}
