import { expect, it } from '@jest/globals';
import { ReportInOrder } from './report-in-order.ts';

/** A store whose writes arrive when the test says so, in whatever order. */
function slowStore() {
  const stands: unknown[] = [];
  const onTheWay: (() => void)[] = [];
  const report = (_: string, value: unknown): Promise<void> =>
    new Promise((resolve) => {
      onTheWay.push(() => {
        stands.push(value);
        resolve();
      });
    });
  const arrives = async (): Promise<void> => {
    while (onTheWay.length === 0) await new Promise(setImmediate);
    onTheWay.pop()?.();
  };
  return { report, stands, arrives };
}

it('what is said last stands there in the end, though what was said before is slow on its way', async () => {
  const store = slowStore();
  const report = new ReportInOrder(store, 'verify:catalog', 0);
  report.offer(() => 'running');
  const written = report.write('done');
  await store.arrives();
  await store.arrives();
  await written;
  expect(store.stands).toEqual(['running', 'done']);
});

it('leaves out what is offered while a write is under way', async () => {
  const store = slowStore();
  const report = new ReportInOrder(store, 'verify:catalog', 0);
  report.offer(() => 1);
  report.offer(() => 2);
  const written = report.write(3);
  await store.arrives();
  await store.arrives();
  await written;
  expect(store.stands).toEqual([1, 3]);
});

it('a write that has to stand there says when it failed, and goes on after one that failed', async () => {
  const answers = [Promise.reject(new Error('away')), Promise.resolve()];
  const report = new ReportInOrder({ report: () => answers.shift() ?? Promise.resolve() }, 'a', 0);
  await expect(report.write(1)).rejects.toThrow('away');
  await expect(report.write(2)).resolves.toBeUndefined();
});
