const PATIENCE_MS = 60_000;

/** Asks again as soon as it has the answer, until it is so. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`in ${PATIENCE_MS / 1000} s it never came that ${what}`);
  }
}
