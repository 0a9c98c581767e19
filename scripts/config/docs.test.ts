import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readConfig } from './read.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const folder = mkdtempSync(join(tmpdir(), 'strangler-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every whole configuration in the documentation. */
const examples = readdirSync(docs)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...readFileSync(join(docs, name), 'utf8').matchAll(/^```yaml\n(version: .*?)^```/gms)].map(
      ([, text], index) => ({ name: `${name}, example ${index + 1}`, text: text ?? '' }),
    ),
  );

describe('a whole configuration in docs', () => {
  it.each(examples)('is valid: $name', ({ text }) => {
    const named = [...text.matchAll(/\$\{([A-Z0-9_]+)\}/g)].map(([, name]) => name ?? '');
    const file = join(folder, 'strangler.yaml');
    writeFileSync(file, text);
    const environment = Object.fromEntries(named.map((name) => [name, 'postgres://127.0.0.1/any']));
    expect(Object.keys(readConfig(file, environment).migrations)).not.toEqual([]);
  });
});
