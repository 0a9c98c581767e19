/**
 * Hands batches on in their order, one at a time, while the next one is read and prepared: whoever reads, this process
 * and whoever writes are busy at the same time. There are never more than two batches in memory.
 *
 * @param read calls `take` for each batch, one after the other
 * @param write what fails ends the reading; nothing is written any more once this is over
 * @returns what `read` returns, when all is written
 */
export async function oneAhead<Batch, Prepared, Result>(
  read: (take: (batch: Batch) => Promise<void>) => Promise<Result>,
  prepare: (batch: Batch) => Promise<Prepared>,
  write: (prepared: Prepared) => Promise<void>,
): Promise<Result> {
  let last = Promise.resolve();
  try {
    const result = await read(async (batch) => {
      const prepared = await prepare(batch);
      await last;
      last = write(prepared);
      // Whoever asks for it is told: the next batch, or the end. Until then it must not end the process.
      last.catch(() => undefined);
    });
    await last;
    return result;
  } finally {
    // The transaction that it writes in is rolled back next: nothing may come after that.
    await last.catch(() => undefined);
  }
}
