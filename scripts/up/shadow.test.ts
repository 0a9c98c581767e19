import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContractReport } from '../../proxy/control/contracts.ts';
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

/** Reads one product until what is known of the contract fits. */
async function contractUntil(fits: (report: ContractReport) => boolean): Promise<ContractReport> {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    await read('/api/products/1?apiToken=s3cret');
    const { out } = await shop.strangler('-o', 'json', 'contract', 'catalog');
    const report = JSON.parse(out) as ContractReport;
    if (fits(report)) return report;
    if (Date.now() > giveUpAt) throw new Error(`it never fitted: ${out}`);
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

  it('holds what both sides answer to their documents, and the gate tells of it or refuses', async () => {
    const document = join(file, '..', 'catalog.yaml');
    const written = await readFile(join('extracted', 'catalog', 'openapi.yaml'), 'utf8');
    // A document that forgets a field which may be null, and knows one more way to fail.
    const forgetful = written
      .replace(/(operationId: getProduct\n[^]*?)('503':)/, "$1'410': { description: gone }\n        $2")
      .replace('onHand, reorderLevel, createdAt', 'onHand, createdAt')
      .replace("        reorderLevel: { type: [integer, 'null'] }\n", '');
    await writeFile(document, forgetful);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/openapi: \S*catalog\/openapi.yaml/, `openapi: ${document}`));
    await shop.says(/the new configuration is in force/);
    await shop.move('sync', 'catalog');
    await shop.move('shadow', 'catalog');

    const contract = await contractUntil(({ recorded }) => recorded.violations.length > 0);
    const get = 'GET /api/products/{id}';
    expect(contract.documents?.breaking).toContain(`${get}: answer 200.reorderLevel is gone`);
    expect(contract.documents?.warnings).toEqual([`${get}: status 410 is new`]);
    expect(contract.recorded.violations).toEqual([
      expect.objectContaining({
        ...{ side: 'service', operation: get, field: '$.reorderLevel', problem: 'is not documented' },
        example: '/api/products/1?apiToken=***',
      }),
    ]);
    const { out } = await shop.strangler('contract', 'catalog');
    expect(out).toContain(`service ${get}: $.reorderLevel is not documented`);

    // The document is mended but for the warning: nothing but what was recorded can refuse now, where it is wanted.
    await writeFile(
      document,
      written.replace(
        /(operationId: getProduct\n[^]*?)('503':)/,
        "$1'410': { description: gone }\n        $2",
      ),
    );
    const plan = async (): Promise<string> => (await shop.strangler('plan', 'catalog', 'cutover')).out;
    expect(await plan()).toMatch(
      /holds\s+contract: .*warnings: .*410 is new; recorded: service: .*reorderLevel/,
    );
    const strict = await readFile(file, 'utf8');
    await writeFile(
      file,
      strict.replace(
        'gates: { shadowSamples: 50 }',
        'gates: { shadowSamples: 50, contract: { recorded: refuse } }',
      ),
    );
    await shop.says(/in force[^]*the new configuration is in force/);
    expect(await plan()).toMatch(/refuses contract: recorded: service: .*reorderLevel is not documented/);
  }, 180_000);
});
