import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventLog } from './event-log.ts';

const seqs = (log: EventLog, from: number): (number | 'lost')[] => {
  const read: (number | 'lost')[] = [];
  let at = from;
  for (let next = log.after(at); next !== null; next = log.after(at)) {
    read.push(next === 'lost' ? next : next.seq);
    at = next === 'lost' ? log.oldestPosition : next.seq;
  }
  return read;
};

describe('the log of events', () => {
  it('gives a reader everything after its position, in order, and of the status only the newest', () => {
    const log = new EventLog('a');
    for (const kind of ['journal', 'status', 'step', 'status', 'journal']) log.append(kind, {});
    expect(seqs(log, 0)).toEqual([1, 3, 4, 5]);
    expect(seqs(log, 4)).toEqual([5]);
    expect(seqs(log, 5)).toEqual([]);
  });

  it('knows its own ids and no others', () => {
    const log = new EventLog('a');
    log.append('journal', {});
    expect(['a-1', 'a-0', 'a-2', 'b-1', '', 'a-', 'a-1x', '1'].map((id) => log.positionOf(id))).toEqual([
      ...[1, 0, null, null, null, null, null, null],
    ]);
  });

  it('tells a reader that it lost something, once, and gives it all that is still there', () => {
    const log = new EventLog('a', { events: 3, size: 1e6 });
    for (let i = 0; i < 5; i += 1) log.append('journal', i);
    expect(seqs(log, 1)).toEqual(['lost', 3, 4, 5]);
    expect(seqs(log, 2)).toEqual([3, 4, 5]);
  });

  it('stays within its size, but keeps one event, however long', () => {
    const log = new EventLog('a', { events: 100, size: 1000 });
    for (let i = 0; i < 50; i += 1) log.append('journal', 'x'.repeat(100));
    expect(seqs(log, 0).length).toBeLessThanOrEqual(8);
    log.append('journal', 'x'.repeat(5000));
    expect(seqs(log, 0)).toEqual(['lost', 51]);
  });

  it('never leaves out an entry or a step without saying so, whenever a reader was cut off', () => {
    const kinds = fc.array(fc.constantFrom('journal', 'step', 'status', 'problem'), {
      maxLength: 60,
      size: 'max',
    });
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 10 }), fc.nat(20), (happened, events, cutAt) => {
        const log = new EventLog('a', { events, size: 1e6 });
        const position = Math.min(cutAt, happened.length);
        for (const kind of happened) log.append(kind, {});
        const read = seqs(log, position);
        const numbers = read.filter((seq) => seq !== 'lost');
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        const missed = happened.flatMap((kind, i) =>
          i + 1 > position && (kind === 'journal' || kind === 'step') && !numbers.includes(i + 1)
            ? [i + 1]
            : [],
        );
        expect(read.includes('lost')).toBe(missed.length > 0);
        const whole = happened.findLastIndex((kind) => kind === 'status' || kind === 'problem') + 1;
        if (whole > position && events > 1 && happened.length - whole < events - 1)
          expect(numbers).toContain(whole);
      }),
    );
  });
});
