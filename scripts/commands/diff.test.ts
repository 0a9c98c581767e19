import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { runCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const run = (...args: string[]) => runCli(['--url', bed.url, ...args]);

describe('strangler diff', () => {
  it('shows what differs by operation and field, with an example side by side, and fails', async () => {
    const { code, stdout, stderr } = await run('diff', 'catalog');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout)
      .toBe(`catalog: differs, 250 compared, 5 differ (2 %), 3 without a verdict, 1 too big, 2 dropped, since 2026-01-02T03:00:00.000Z

GET /api/products/{id}: differs, 250 compared, 5 differ (2 %), 3 without a verdict, 1 too big, 2 dropped
  $.tags[*].price: 5 differ, 2 %, first 2026-01-02T03:04:05.000Z, last 2026-01-02T03:09:05.000Z
    GET /api/products/7?token=*** at $.tags[0].price
      monolith  10
      service   "10"
  and 4 more in fields that are not listed
  $.servedAt: noise, the monolith itself answers it differently each time (120 not counted)

GET /api/categories: no data

Ignored:
  $..requestId: each side counts its own (in strangler.yaml)
  $.rounding: the service rounds up (by ada, 2026-01-02T03:10:05.000Z)
`);
  });

  it('says the same to programs, as the API does', async () => {
    const { code, stdout } = await run('-o', 'json', 'diff', 'catalog');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual(await bed.lifecycle.differences('catalog'));
  });

  it('succeeds as long as nothing is known to differ', async () => {
    const differing = await bed.lifecycle.differences('catalog');
    const calm = {
      ...differing,
      verdict: 'not enough data',
      since: null,
      operations: [],
      ignored: [],
    } as const;
    bed.lifecycle.differences = async () => ({ ...calm, operations: [], ignored: [] });
    const { code, stdout } = await run('diff', 'catalog');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^catalog: not enough data, 250 compared, .*never in stage `shadow`\n$/);
  });

  it('knows which migrations there are', async () => {
    expect(await run('diff', 'nothing')).toMatchObject({ code: 2 });
  });
});

describe('strangler ignore', () => {
  it('orders it with who and why, and takes no order without a reason or for what is no path', async () => {
    const { code, stdout } = await run('ignore', 'catalog', '$.price', '--reason', 'rounded');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'catalog: $.price is ignored; the comparison begins anew\n',
    });
    expect(bed.lifecycle.orders).toEqual([
      {
        call: 'ignoreField',
        request: { path: '$.price', ignored: true },
        actor: { name: expect.stringMatching(/@/), reason: 'rounded' },
      },
    ]);
    expect(await run('ignore', 'catalog', '$.price')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--reason'),
    });
    const wrong = await run('ignore', 'catalog', 'price', '--reason', 'rounded');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('`path` is no JSONPath') });
    expect(await run('ignore', 'catalog', '$', '--reason', 'all')).toMatchObject({ code: 2 });
    expect(bed.lifecycle.orders).toHaveLength(1);
  });

  it('compares it again', async () => {
    const { code, stdout } = await run('ignore', 'catalog', '$.rounding', '--undo');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'catalog: $.rounding is compared again; the comparison begins anew\n',
    });
    expect((await bed.lifecycle.differences('catalog')).ignored).toHaveLength(1);
  });
});
