import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { checkLists } from './check/lists.ts';
import { checkRegisters } from './check/registers.ts';
import { Ledger } from './ledger.ts';
import type { Effect } from './ledger.ts';
import { edited } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';
import { randomOf } from './random.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** It ends by itself; this is for a machine that does nothing any more. */
const LIMIT_MS = 1_800_000;

let torture: ChildProcess | null = null;
afterEach(async () => {
  if (!torture || torture.exitCode !== null || torture.signalCode !== null) return;
  const gone = once(torture, 'close');
  torture.kill('SIGTERM');
  await gone;
});

/** Resolves to what it ended with, and to all that it said if that was not 0. */
async function runTorture(...args: string[]): Promise<{ code: number | null; said: string }> {
  torture = spawn(process.execPath, [join(import.meta.dirname, 'torture.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  torture.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(torture, 'close')) as [number | null];
  return { code, said: code === 0 ? '' : said };
}

describe('a minute of torture', () => {
  it(
    'with each kind of fault at least once: nothing is lost, doubled, reordered, resurrected or different',
    async () => {
      expect(await runTorture('--seconds', '60', '--seed', 'minute')).toEqual({ code: 0, said: '' });
    },
    LIMIT_MS,
  );

  it(
    'finds nothing either where the monolith is on MariaDB, killed and restarted, and its sync with it',
    async () => {
      const faults = [
        '--faults',
        'kill sync: commit,kill sync: read,restarted: monolith,crashed,poison,long',
      ];
      const args = ['--monolith', 'mysql', '--seconds', '20', '--seed', 'mariadb'];
      expect(await runTorture(...args, ...faults)).toEqual({ code: 0, said: '' });
    },
    LIMIT_MS,
  );
});

const write = (op: string, does: Effect['does'], ledger: Ledger) =>
  ledger.begin({ op, workload: 'w', kind: does, args: [] }, [{ key: 'k', does }], 'a test');

describe('the checker of registers', () => {
  const found = (op?: string): Map<string, string> => new Map(op === undefined ? [] : [['k', op]]);
  const kinds = (ledger: Ledger, op?: string): string[] =>
    checkRegisters(ledger, 'w', found(op)).map(({ kind }) => kind);

  it('calls an acknowledged write lost that a former one covers, or that is not there', () => {
    const ledger = new Ledger();
    ledger.acknowledge(write('a', 'write', ledger));
    ledger.acknowledge(write('b', 'write', ledger));
    expect(kinds(ledger, 'b')).toEqual([]);
    expect(kinds(ledger, 'a')).toEqual(['lost']);
    expect(kinds(ledger)).toEqual(['lost']);
  });

  it('calls resurrected what was deleted and is there', () => {
    const ledger = new Ledger();
    ledger.acknowledge(write('a', 'write', ledger));
    ledger.acknowledge(write('b', 'delete', ledger));
    expect(kinds(ledger)).toEqual([]);
    expect(kinds(ledger, 'a')).toEqual(['resurrected']);
  });

  it('lets either of two writes be the last that were under way at the same time, and one without an answer', () => {
    const ledger = new Ledger();
    const [a, b] = [write('a', 'write', ledger), write('b', 'delete', ledger)];
    ledger.acknowledge(a);
    ledger.acknowledge(b);
    expect([kinds(ledger), kinds(ledger, 'a')]).toEqual([[], []]);
    const open = write('c', 'write', ledger);
    ledger.leaveOpen(open);
    ledger.acknowledge(write('d', 'write', ledger));
    expect([kinds(ledger, 'c'), kinds(ledger, 'd')]).toEqual([[], []]);
    expect(kinds(ledger)).toEqual(['lost']);
  });

  it('wants nothing of a write that was not done, and knows what nobody wrote', () => {
    const ledger = new Ledger();
    ledger.strike(write('a', 'write', ledger), true);
    expect(kinds(ledger)).toEqual([]);
    expect(kinds(ledger, 'x')).toEqual(['doubled']);
  });
});

describe('the checker of lists', () => {
  const kinds = (ledger: Ledger, ...items: string[]): string[] =>
    checkLists(ledger, 'w', new Map([['k', items]])).map(({ kind }) => kind);

  it('finds what is lost, doubled or foreign, and an order that cannot have been', () => {
    const ledger = new Ledger();
    ledger.acknowledge(write('a', 'append', ledger));
    ledger.acknowledge(write('b', 'append', ledger));
    expect(kinds(ledger, 'a', 'b')).toEqual([]);
    expect(kinds(ledger, 'b')).toEqual(['lost']);
    expect(kinds(ledger, 'a', 'b', 'a')).toEqual(['doubled', 'reordered']);
    expect(kinds(ledger, 'a', 'b', 'x')).toEqual(['doubled']);
    expect(kinds(ledger, 'b', 'a')).toEqual(['reordered']);
  });

  it('lets two items stand in either order that were under way at the same time', () => {
    const ledger = new Ledger();
    const [a, b] = [write('a', 'append', ledger), write('b', 'append', ledger)];
    ledger.acknowledge(a);
    ledger.acknowledge(b);
    expect([kinds(ledger, 'a', 'b'), kinds(ledger, 'b', 'a')]).toEqual([[], []]);
  });
});

it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  'the mutation "%s" still fits the product',
  (name, { edits }) => {
    const texts = new Map<string, string>();
    for (const edit of edits) {
      const text = texts.get(edit.file) ?? readFileSync(join(ROOT, edit.file), 'utf8');
      texts.set(edit.file, edited(name, edit, text));
    }
    expect(texts.size).toBeGreaterThan(0);
  },
);

it('one seed gives the same choices, another one others', () => {
  const draw = (seed: string): number[] => {
    const random = randomOf(seed).branch('faults');
    return Array.from({ length: 20 }, () => random.below(1000));
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
});
