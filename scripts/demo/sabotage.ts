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

// The rows are counted by a sequence: what was left out stays counted even if its transaction is undone.
const INSTALL = `
  CREATE SCHEMA demo_sabotage;
  CREATE SEQUENCE demo_sabotage.seen;
  CREATE FUNCTION demo_sabotage.leave_out() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    IF nextval('demo_sabotage.seen') % 1000 = 500 THEN RETURN NULL; END IF;
    RETURN NEW;
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
      const { rows } = await client.query<{ seen: number }>(
        'SELECT last_value::integer AS seen FROM demo_sabotage.seen',
      );
      const seen = rows[0]?.seen ?? 0;
      if (seen >= 500) return scene.narrator.say(`The trigger has seen ${seen} movements and left out one.`);
      if (Date.now() > until) throw new SabotageError(seen);
      scene.narrator.waiting(`the trigger has seen ${seen} of 500 movements`);
      await pause(1000);
    }
  });
}
