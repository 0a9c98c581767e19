import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrationNamed } from '../../proxy/control/testing/memory-lifecycle.ts';
import { showSync, showVerify } from './show/progress.ts';
import { Screen } from './show/screen.ts';
import { statusTable } from './show/status.ts';

const AT = '2026-01-02T03:04:05.000Z';

/** Node asks a terminal how many colours it has, and that is where it respects NO_COLOR. */
// By the terminal and NO_COLOR alone: a build server's variables are not what is tested.
const getColorDepth = () => {
  const { NO_COLOR } = process.env;
  return WriteStream.prototype.getColorDepth({ TERM: 'xterm-256color', ...(NO_COLOR ? { NO_COLOR } : {}) });
};

function fakeTerminal(columns: number, isTTY = true) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns, getColorDepth });
  return stream as unknown as NodeJS.WriteStream & PassThrough;
}
const written = (stream: PassThrough) => String(stream.read() ?? '');

const noColor = process.env['NO_COLOR'];
beforeEach(() => {
  delete process.env['NO_COLOR'];
  delete process.env['FORCE_COLOR'];
});
afterEach(() => {
  if (noColor !== undefined) process.env['NO_COLOR'] = noColor;
});

describe('on a terminal', () => {
  it('a backfill is a bar that is drawn over, cut to the width', () => {
    const err = fakeTerminal(60);
    const backfill = {
      table: 'products',
      rows: 50,
      total: 200,
      rowsPerSecond: 10,
      secondsLeft: 15,
      done: false,
    };
    const sync = {
      from: 'monolith',
      to: 'service',
      state: 'backfill',
      detail: '',
      lagSeconds: 0,
      lagChanges: 0,
    } as const;
    const screen = new Screen(false, fakeTerminal(60), err);
    showSync(
      {
        ...sync,
        parked: 0,
        parkedKeys: 0,
        applied: 0,
        changesPerSecond: 0,
        drift: [],
        slot: null,
        followerSlot: null,
        backfillHeld: null,
        unreadable: 0,
        backfill: [backfill],
        reportedAt: AT,
      },
      screen,
    );
    const drawn = written(err);
    expect(drawn).toContain('\r\u001b[2Kbackfill products [█████░░░░░░░░░░░░░░░] 25 %, 50 of 200');
    expect(stripVTControlCharacters(drawn).length).toBeLessThanOrEqual(60);
    screen.note('done');
    expect(written(err)).toBe('\r\u001b[2Kdone\n');
  });

  it('an estimate that was too low does not show more than all', () => {
    const err = fakeTerminal(120);
    const verify = { state: 'running', at: AT, rowsCompared: 30, rowsTotal: 20, rowsPerSecond: 5 } as const;
    showVerify(
      { ...verify, differences: 1, repaired: 0, details: [] },
      new Screen(false, fakeTerminal(120), err),
    );
    expect(written(err)).toMatch(/verify, 1 difference \[█{20}\] 100 %, 30 of 20 rows, 5 rows\/s, 0 s left$/);
  });

  it('a table wraps its last column, and becomes blocks where even that is too wide', () => {
    const long = migrationNamed('catalog', {
      next: 'cutover',
      waitsFor: ['lag is 12 s and must be below 2 s, so wait a while'],
    });
    for (const [columns, first] of [
      [130, /^MIGRATION +STAGE/],
      [60, /^MIGRATION +catalog\nSTAGE +legacy/],
    ] as const) {
      const plain = stripVTControlCharacters(statusTable([long], new Screen(false, fakeTerminal(columns))));
      expect(plain).toMatch(first);
      if (columns === 130)
        expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
    }
  });

  it('colours are for who wants them', () => {
    const screen = new Screen(false, fakeTerminal(80));
    expect(screen.paint('red', 'stalled')).toBe('\u001b[31mstalled\u001b[39m');
    process.env['NO_COLOR'] = '1';
    expect(screen.paint('red', 'stalled')).toBe('stalled');
    delete process.env['NO_COLOR'];
    expect(new Screen(false, fakeTerminal(80, false)).paint('red', 'stalled')).toBe('stalled');
  });
});

describe('without a terminal', () => {
  it('progress is a line when it is news, not at each report', () => {
    const err = fakeTerminal(0, false);
    const screen = new Screen(false, fakeTerminal(0, false), err);
    for (const line of ['a 1', 'a 2', 'a 3']) screen.progress(`[bar] ${line}`, line, 'a');
    screen.progress('[bar] b 1', 'b 1', 'b');
    expect(written(err)).toBe('a 1\nb 1\n');
  });
});
