import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../config/read.ts';
import { ConfigInForce } from './in-force.ts';

const TEXT = 'version: 1\nmonolith: { url: http://127.0.0.1:4000 }\nservices: {}\nmigrations: {}\n';

let folder: string;
let inForce: ConfigInForce;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-in-force-'));
  await writeFile(join(folder, 'strangler.yaml'), TEXT);
  inForce = new ConfigInForce(readConfig(join(folder, 'strangler.yaml')));
});
afterEach(async () => {
  inForce.forget();
  await rm(folder, { recursive: true });
});

const copy = (): string => Object.values(inForce.environment())[0] ?? '';

describe('the copy of the configuration in force', () => {
  it('is there for each part that starts, also when the temporary folder was cleaned meanwhile', async () => {
    const first = copy();
    expect(await readFile(first, 'utf8')).toBe(TEXT);
    await rm(first);
    expect(await readFile(copy(), 'utf8')).toBe(TEXT);
    await rm(dirname(first), { recursive: true });
    expect(await readFile(copy(), 'utf8')).toBe(TEXT);
  });

  it('lies where nobody else can read it or put one of their own', async () => {
    const file = copy();
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is gone once the product has ended', async () => {
    const file = copy();
    inForce.forget();
    await expect(stat(dirname(file))).rejects.toThrow('ENOENT');
  });
});
