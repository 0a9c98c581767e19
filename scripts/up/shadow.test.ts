import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Differences } from '../../proxy/control/lifecycle.ts';
import { RunningShop } from '../testing/running-shop.ts';

let shop: RunningShop;
let file: string;
beforeEach(async () => {
  shop = await RunningShop.start(2000);
  file = await shop.ownConfig();
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace('shadow: { sample: 20 }', 'shadow: { sample: 100, settleSeconds: 0.2 }'),
  );
  await shop.up();
}, 120_000);
afterEach(() => shop.close());

const read = async (path: string): Promise<void> => {
  await (await fetch(`${shop.proxyUrl}${path}`)).arrayBuffer();
};
const diff = async (): Promise<{ code: number; found: Differences }> => {
  const { code, out } = await shop.strangler('-o', 'json', 'diff', 'catalog');
  return { code, found: JSON.parse(out) as Differences };
};
const operation = ({ operations }: Differences, name: string) =>
  operations.find((each) => each.operation === name);

/** Reads until the report fits; the proxy reports once a second. */
async function readUntil(path: string, fits: (found: Differences) => boolean) {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    await read(path);
    const last = await diff();
    if (fits(last.found)) return last;
    if (Date.now() > giveUpAt) throw new Error(`it never fitted: ${JSON.stringify(last)}`);
  }
}

describe('the shadow of a running shop', () => {
  it('shows a wrong row as its field, refuses the canary, and starts anew when an order or a rule explains it', async () => {
    await shop.move('sync', 'catalog');
    await shop.move('shadow', 'catalog');
    // As the applier does: the fence lets nobody else write here.
    await shop.service.query("SET strangler.origin = 'catalog'");
    await shop.service.query('UPDATE product SET price_minor = price_minor + 1 WHERE id = 1');

    await readUntil('/api/products/2', (found) => found.agreed > 0);
    const { code, found } = await readUntil('/api/products/1?apiToken=s3cret', ({ operations }) =>
      operations.some(({ fields }) => fields.length > 0),
    );
    expect(code).toBe(1);
    expect(found.verdict).toBe('differs');
    const [field, ...others] = operation(found, 'GET /api/products/{id}')?.fields ?? [];
    expect(others).toEqual([]);
    expect(field?.field).toMatch(/^\$\.\w*[pP]rice\w*$/);
    expect(field?.examples[0]).toMatchObject({ target: '/api/products/1?apiToken=***', place: field?.field });
    expect(operation(found, 'GET /api/categories')).toMatchObject({ verdict: 'no data', fields: [] });
    expect((await shop.strangler('diff', 'catalog')).out).toContain(`${field?.field}: `);

    const { out } = await shop.strangler('canary', 'catalog', '--weight', '10', '--dry-run');
    expect(out).toMatch(
      /refuses shadow: .*worst: GET \/api\/products\/\{id\}.*no data: .*GET \/api\/categories/,
    );

    const path = String(field?.field);
    expect(await shop.strangler('ignore', 'catalog', path)).toMatchObject({ code: 2 });
    const words = ['--reason', 'the service rounds up'];
    const once = await shop.strangler('ignore', 'catalog', path, ...words);
    expect(once).toMatchObject({ code: 0, out: expect.stringContaining('the comparison begins anew') });
    const again = await shop.strangler('ignore', 'catalog', path, ...words);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('as it was before') });
    const { found: ignoring } = await readUntil('/api/products/1', ({ agreed }) => agreed > 0);
    expect(ignoring).toMatchObject({
      differed: 0,
      ignored: [{ path, reason: 'the service rounds up', from: 'journal', by: expect.stringMatching(/@/) }],
    });
    const gates = await shop.strangler('-o', 'json', 'canary', 'catalog', '--weight', '10', '--dry-run');
    expect(gates.out).toMatch(/"value": ?"[1-9]\d* compared, 0.00 % differ/);
    const { out: log } = await shop.strangler('log', 'catalog');
    expect(log.split(`field-ignored: ${path}`)).toHaveLength(2);
    const undone = await shop.strangler('ignore', 'catalog', path, '--undo');
    expect(undone).toMatchObject({ code: 0, out: expect.stringContaining('compared again') });
    await readUntil('/api/products/1', ({ differed }) => differed > 0);

    const rule = `ignore: [{ path: '${field?.field}', reason: the service rounds up }]`;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('settleSeconds: 0.2', `settleSeconds: 0.2, ${rule}`));
    await shop.says(/the new configuration is in force/);
    const after = await readUntil('/api/products/1', ({ agreed, differed }) => agreed > 0 && differed === 0);
    expect(after).toMatchObject({
      code: 0,
      found: { ignored: [{ reason: 'the service rounds up', from: 'file' }] },
    });
    expect(await shop.strangler('ignore', 'catalog', path, '--undo')).toMatchObject({ code: 2 });
  }, 180_000);
});
