import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const CONTRACT = `
openapi: 3.1.0
info: { title: Shop, version: 1.0.0 }
paths: {}
components: { schemas: { Price: { type: object, required: [cents], properties: { cents: { type: integer } } } } }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'strangler-generate-'));
  for (const owner of ['proxy/control', 'extracted/shop']) {
    mkdirSync(join(folder, owner), { recursive: true });
    writeFileSync(join(folder, owner, 'openapi.yaml'), CONTRACT);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

function generate(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const entry = join(import.meta.dirname, 'generate.ts');
    execFile(process.execPath, [entry, ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
  });
}

describe('generate', () => {
  it('writes the types of each contract, and finds them current afterwards', async () => {
    expect(await generate()).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'extracted/shop/api.gen.ts'), 'utf8')).toMatch(
      /Price: \{\s+cents: number;/,
    );
    expect((await generate('--check')).said).not.toMatch(/api\.gen\.ts/);
  });

  it('with --check names what is not current and leaves it alone', async () => {
    await generate();
    const file = join(folder, 'extracted/shop/api.gen.ts');
    appendFileSync(file, '// by hand\n');
    const { code, said } = await generate('--check');
    expect(code).toBe(1);
    expect(said).toMatch(/^extracted\/shop\/api\.gen\.ts: it is not current; run `npm run generate`/m);
    expect(said).not.toMatch(/proxy\/control/);
    expect(readFileSync(file, 'utf8')).toMatch(/by hand/);
  });

  it('names the contract that it cannot read, without a stack', async () => {
    writeFileSync(join(folder, 'extracted/shop/openapi.yaml'), 'openapi: 3.1.0\npaths: [');
    const { code, said } = await generate();
    expect(code).toBe(1);
    expect(said).toMatch(/^extracted\/shop\/api\.gen\.ts: /m);
    expect(said).not.toMatch(/^ +at /m);
  });
});
