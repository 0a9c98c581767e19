import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { runCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const run = (...args: string[]) => runCli(['--url', bed.url, ...args]);

describe('strangler contract', () => {
  it('shows how the documents differ and what recorded answers do against them, and fails', async () => {
    const { code, stdout, stderr } = await run('contract', 'catalog');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe(`catalog: 0 breaking differences, 1 warning
  warning  GET /api/products/{id}: status 503 is new

500 recorded answers were held to their documents, 3 more were not looked at
  service GET /api/products/{id}: $.tags[*].colour is not documented
    12 times, first 2026-01-02T03:04:05.000Z, last 2026-01-02T03:09:05.000Z, e.g. GET /api/products/7?token=***
  and 2 times something that is not listed

A cutover is refused by breaking differences.
`);
  });

  it('says the same to programs, and succeeds where there are warnings alone', async () => {
    const report = await bed.lifecycle.contract('catalog');
    const recorded = { ...report.recorded, violations: [], unlisted: 0 };
    bed.lifecycle.contract = async () => ({ ...report, recorded });
    const { code, stdout } = await run('-o', 'json', 'contract', 'catalog');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ...report, recorded });
  });
});
