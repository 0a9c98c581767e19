/** Runs the tasks beside each other; the first that fails stops the others and its error is the result. */
export async function together(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  outer: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer, failed.signal]);
  const errors: unknown[] = [];
  const running = tasks.map((task) =>
    task(signal).catch((error: unknown) => {
      errors.push(error);
      failed.abort();
    }),
  );
  await Promise.all(running);
  if (errors.length > 0) throw errors[0];
}
