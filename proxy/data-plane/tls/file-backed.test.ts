import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { until } from '../testing/bed.ts';
import { Files } from '../testing/certificates.ts';
import { FileBacked, type FileBackedOptions } from './file-backed.ts';

let files: Files;
let open: FileBacked<string> | null = null;
beforeEach(() => {
  files = new Files();
});
afterEach(() => {
  open?.close();
  files.remove();
  open = null;
});

/** A value of two files that fit each other when they are equal. */
function pairOf(part: Partial<FileBackedOptions<string>> = {}): FileBacked<string> {
  const pair = ['a', 'b'].map((name) => `${files.folder}/${name}`);
  return (open = new FileBacked({
    files: pair,
    make: ([a, b]) => {
      if (String(a) !== String(b)) throw new Error('they do not fit');
      return String(a);
    },
    changed: () => undefined,
    refused: () => undefined,
    ...part,
  }));
}

function write(a: string, b = a): void {
  files.write('a', a);
  files.write('b', b);
}

it('notices a change that comes while the files are read for the first time', async () => {
  write('one');
  let reads = 0;
  const pair = pairOf({
    make: ([a]) => {
      reads += 1;
      if (reads === 1) write('two');
      return String(a);
    },
  });
  expect(pair.current).toBe('one');
  await until(() => pair.current === 'two');
});

it('keeps the value before until files that belong together fit each other', async () => {
  write('one');
  const refused: string[] = [];
  const pair = pairOf({ refused: ({ message }) => void refused.push(message) });
  files.write('a', 'two');
  await until(() => refused.length === 1);
  expect([pair.current, refused[0]]).toEqual(['one', expect.stringMatching(/do not fit/)]);
  files.write('b', 'two');
  await until(() => pair.current === 'two');
});

it('goes on while a file is gone, and takes up the one that comes in its place', async () => {
  write('one');
  const refused: string[] = [];
  const pair = pairOf({ refused: ({ message }) => void refused.push(message) });
  files.remove();
  await until(() => refused.length > 0);
  expect(pair.current).toBe('one');
  files = new Files(files.folder);
  write('two');
  await until(() => pair.current === 'two');
  expect(readFileSync(`${files.folder}/a`, 'utf8')).toBe('two');
});

it('is an error at the beginning, unless something serves meanwhile', async () => {
  expect(() => pairOf()).toThrow(/ENOENT/);
  const pair = pairOf({ meanwhile: 'nothing yet' });
  expect(pair.current).toBe('nothing yet');
  write('one');
  await until(() => pair.current === 'one');
});
