/**
 * Yields batches in their order while the next one is read and prepared: whoever reads, this process and whoever takes
 * them are busy at the same time. There are never more than two batches in memory.
 *
 * @param read calls `take` for each batch, one after the other; what it throws is thrown in the place of the next batch
 * @returns what `read` returns. Whoever stops before asks for no more by `return()`, which ends the reading.
 */
export async function* oneAhead<Batch, Prepared, Result>(
  read: (take: (batch: Batch) => Promise<void>) => Promise<Result>,
  prepare: (batch: Batch) => Promise<Prepared>,
): AsyncGenerator<Prepared, Result, void> {
  // As it comes, it hands a batch on only when it is asked for, and keeps the writer waiting until then.
  const { readable, writable } = new TransformStream<Prepared, Prepared>();
  const writer = writable.getWriter();
  const reading = read(async (batch) => writer.write(await prepare(batch)));
  const over = reading.then(
    () => writer.close(),
    (error: unknown) => writer.abort(error),
  );
  // Whoever asks for it is told: the next batch, or the end. Until then it must not end the process.
  over.catch(() => undefined);
  try {
    yield* readable;
    return await reading;
  } finally {
    await reading.catch(() => undefined);
  }
}
