import { once, EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from './problems.ts';
import { watchConfig } from './watch.ts';

const text = (port: number): string =>
  `version: 1\nmonolith: { url: http://127.0.0.1:${port} }\nservices: {}\nmigrations: {}\n`;

let folder: string;
let file: string;
let said: EventEmitter;
let log: string[];
/** Why the listener refuses what is valid; null when it takes it. */
let why: string | null;
let watching: { close(): void };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-watch-'));
  file = join(folder, 'strangler.yaml');
  await writeFile(file, text(1));
  said = new EventEmitter();
  log = [];
  why = null;
  const say = (kind: string, what: string): void => {
    log.push(`${kind} ${what}`);
    said.emit(kind);
  };
  watching = watchConfig(file, text(1), {
    take: ({ monolith }) => {
      said.emit('offered');
      if (why !== null) throw new ConfigError([why]);
      say('taken', String(monolith.url));
    },
    refused: ({ message }) => say('refused', message),
  });
});
afterEach(async () => {
  watching.close();
  await rm(folder, { recursive: true });
});

describe('a watched strangler.yaml', () => {
  it('that was refused is taken as soon as it fits, without being touched again, and complained about once', async () => {
    why = 'roll back first';
    const refused = once(said, 'refused');
    await writeFile(file, text(2));
    await refused;
    await once(said, 'offered');
    await once(said, 'offered');
    expect(log).toEqual(['refused roll back first']);
    why = null;
    await once(said, 'taken');
    expect(log).toEqual(['refused roll back first', expect.stringMatching(/^taken .*:2/)]);
  }, 60_000);

  it('that is refused for another reason than before says so', async () => {
    why = 'roll back first';
    const refused = once(said, 'refused');
    await writeFile(file, text(2));
    await refused;
    why = 'put it back';
    await once(said, 'refused');
    expect(log).toEqual(['refused roll back first', 'refused put it back']);
  }, 60_000);

  it('of several edits in quick succession the last one is in force', async () => {
    const last = (async () => {
      while (!log.at(-1)?.includes(':9')) await once(said, 'taken');
    })();
    for (let port = 2; port <= 9; port += 1) await writeFile(file, text(port));
    await last;
    expect(log.at(-1)).toMatch(/^taken .*:9/);
  }, 60_000);
});
