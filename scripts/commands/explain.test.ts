import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startControlBed, type ControlBed } from '../../proxy/control/testing/control-bed.ts';
import { runCli } from './testing/run-cli.ts';

let bed: ControlBed;
beforeEach(async () => {
  bed = await startControlBed();
});
afterEach(() => bed.close());

const run = (...args: string[]) => runCli(['--url', bed.url, 'explain', ...args]);

describe('strangler explain', () => {
  it('says in words who would answer, why, and what the other routes lack', async () => {
    const { code, stdout, stderr } = await run('GET', '/api/products/7');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'GET /api/products/7 → service',
      expect.stringMatching(/^catalog is in stage canary, 25 % service\. This client belongs to/),
      '',
      expect.stringMatching(/^ROUTE +GET shop\.example\.com\/api\/products\/\{id\} \(header x-beta = yes\)$/),
      expect.stringMatching(/^READ AS +\/api\/products\/7$/),
      expect.stringMatching(/^PARAMETERS +id = 7$/),
      expect.stringMatching(/^KIND +reads$/),
      expect.stringMatching(/^MIGRATION +catalog, service catalog-service$/),
      expect.stringMatching(/^STAGE +canary, 25 %$/),
      expect.stringMatching(/^OWNER +monolith, epoch 3$/),
      expect.stringMatching(/^REASON +canary$/),
      expect.stringMatching(/^ARM +service, by its place in the weight$/),
      '',
      'Other routes at this place:',
      '  - any method /api/* of orders: its host is less exact',
    ]);
  });

  it('does not choose for a client that would be placed by chance', async () => {
    const { decision } = bed.lifecycle.explanation;
    bed.lifecycle.explanation = {
      ...bed.lifecycle.explanation,
      side: null,
      decision: decision && { ...decision, arm: { isKnown: false, side: null, pinnedBy: null } },
    };
    const { stdout } = await run('GET', '/api/products/7');
    expect(stdout).toMatch(/^GET \/api\/products\/7 → service with a chance of 25 %, else monolith\n/);
    expect(stdout).toMatch(/^ARM +a new client, placed by chance$/m);
  });

  it('asks for exactly the request that is given, headers joined as HTTP joins them', async () => {
    const headers = [
      '-H',
      'X-Beta:yes',
      '-H',
      'accept: a',
      '-H',
      'Accept: b',
      '-H',
      'Cookie: c=1',
      '-H',
      'cookie: d=2:3',
    ];
    await run('put', '/a%2Fb?q=1', ...headers);
    expect(bed.lifecycle.questions).toEqual([
      {
        method: 'PUT',
        target: '/a%2Fb?q=1',
        headers: { 'x-beta': 'yes', accept: 'a, b', cookie: 'c=1; d=2:3' },
      },
    ]);
  });

  it('ends with 3 for a request that the proxy would refuse, and with 0 for one that no route claims', async () => {
    const none = { readAs: null, side: null, route: null, decision: null, others: [] };
    bed.lifecycle.explanation = { ...none, outcome: 'refused', why: 'The proxy answers 400.' };
    expect(await run('GET', '/%00')).toMatchObject({
      code: 3,
      stdout: 'GET /%00 → 400\nThe proxy answers 400.\n',
    });
    bed.lifecycle.explanation = {
      ...none,
      outcome: 'unclaimed',
      side: 'monolith',
      why: 'No route claims it.',
    };
    expect(await run('GET', '/x')).toMatchObject({
      code: 0,
      stdout: 'GET /x → monolith\nNo route claims it.\n',
    });
  });

  it('with -o json is the answer of the control API', async () => {
    const { code, stdout } = await run('GET', '/api/products/7', '-o', 'json');
    expect([code, JSON.parse(stdout)]).toEqual([0, bed.lifecycle.explanation]);
  });

  it.each([
    [['GET'], /missing required argument 'target'/],
    [['GET', '/', '-H', 'no colon'], /Write it as "name: value"/],
    [['GET', '/', '-H', 'a b: c'], /`headers` has a name that is none/],
    [['G?T', '/'], /`method` must be a method in upper case/],
  ])('takes %j for wrong usage', async (args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
    expect(bed.lifecycle.questions).toEqual([]);
  });
});
