import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AnswerChecker } from './answer-checker.ts';

const DOCUMENT = (field: string) => `
openapi: 3.1.0
paths:
  /things:
    get:
      responses:
        '200':
          content:
            application/json: { schema: { type: object, properties: { ${field}: { type: integer } } } }`;
const ANSWER = {
  ...{ method: 'GET', path: '/things', status: 200, contentType: 'application/json' },
  body: new TextEncoder().encode('{"a":1}'),
};

let folder: string;
let file: string;
let checker: AnswerChecker;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strangler-contracts-'));
  file = join(folder, 'openapi.yaml');
  await writeFile(file, DOCUMENT('a'));
  checker = new AnswerChecker([file]);
});
afterEach(async () => {
  checker.close();
  await rm(folder, { recursive: true });
});

describe('the thread that holds answers to their documents', () => {
  it('finds what an answer does, and reads the document anew when it is told to', async () => {
    expect(await checker.check(file, ANSWER)).toEqual([]);
    await writeFile(file, DOCUMENT('b'));
    expect(await checker.check(file, ANSWER)).toEqual([]);
    checker.reconfigure([file]);
    expect(await checker.check(file, ANSWER)).toEqual([{ field: '$.a', problem: 'is not documented' }]);
  });

  it('says of a document that is of no use, or that nobody named, that it was not looked at', async () => {
    await writeFile(file, '- not: a document');
    checker.reconfigure([file, join(folder, 'nowhere.yaml')]);
    expect(await checker.check(file, ANSWER)).toBeNull();
    expect(await checker.check(join(folder, 'nowhere.yaml'), ANSWER)).toBeNull();
    expect(await checker.check('unnamed.yaml', ANSWER)).toBeNull();
  });

  it('lets no more wait than it can hold: the rest is not looked at, and nobody waits for it', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => checker.check(file, ANSWER)));
    expect(all.filter((said) => said !== null)).toHaveLength(32);
  });

  it('gives up what waits when it is closed, and takes nothing more', async () => {
    const waiting = checker.check(file, ANSWER);
    checker.close();
    expect(await waiting).toBeNull();
    expect(await checker.check(file, ANSWER)).toBeNull();
  });
});
