import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RampedApplication } from '../testing/ramped-application.ts';

const settings = (guardrails: string): string[] => [
  'shadow: { sample: 100 }',
  'gates: { shadowSamples: 10 }',
  'ramp: [20% for 2s, 60% for 2s, 100%]',
  `guardrails: ${guardrails}`,
];

let application: RampedApplication;
beforeAll(async () => {
  application = await RampedApplication.start(settings('{ window: 10s, minRequests: 50 }'));
}, 60_000);
afterAll(() => application.close());

beforeEach(async () => {
  application.behaviour = 'well';
  application.read();
  await application.strangler('sync', 'catalog');
  await application.strangler('shadow', 'catalog');
}, 60_000);
afterEach(async () => {
  await application.rest();
  for (let { stage } = await application.status(); stage !== 'legacy'; { stage } = await application.status())
    await application.strangler('rollback', 'catalog');
});

/** What was decided since the ramp began: by whom, and the weight. */
async function decided(): Promise<string[]> {
  const all = (await application.journal()).map(({ actor, evidence }) => {
    const { to, weight } = evidence as { to: string; weight: number };
    return `${actor.includes('@') ? 'person' : actor}: ${to} ${weight}`;
  });
  return all.slice(all.lastIndexOf('person: canary 20'));
}

describe('a ramp', () => {
  it('takes a healthy service up to its last step, and stays canary: the cutover is for a person', async () => {
    await application.strangler('canary', 'catalog', '--ramp');
    const { stage, ramp, weightSet } = await application.until((status) => status.weightSet === 100);
    expect({ stage, weightSet, step: ramp?.step, of: ramp?.steps }).toEqual({
      stage: 'canary',
      weightSet: 100,
      step: 3,
      of: ['20 % for 2 s', '60 % for 2 s', '100 % for 5 min'],
    });
    expect(await decided()).toEqual(['person: canary 20', 'ramp: canary 60', 'ramp: canary 100']);
    expect(await application.strangler('log')).toMatch(
      /canary → canary 60 %, step 2 of 3 of a ramp +1 +ramp +step 2 of 3: 60 % for 2 s/,
    );
  }, 120_000);

  it('goes on at its step when the control process is killed and started again', async () => {
    await application.strangler('canary', 'catalog', '--ramp');
    await application.until((status) => status.weightSet === 60);
    await application.killControl();
    await application.startControl();
    await application.until((status) => status.weightSet === 100);
    expect(await decided()).toEqual(['person: canary 20', 'ramp: canary 60', 'ramp: canary 100']);
  }, 120_000);

  it('without traffic it stays where it is, and says so', async () => {
    await application.until(({ shadow }) => shadow?.verdict === 'agrees');
    await application.rest();
    await application.strangler('canary', 'catalog', '--ramp');
    const status = await application.until(
      ({ ramp, guardrails }) => ramp?.secondsLeft === 0 && guardrails.length > 0,
    );
    expect(status.ramp?.waitsFor[0]).toBe('no traffic: 0 of 50 reads of the service in the window');
    // The shadow may have compared enough before.
    const enough = expect.stringMatching(/^(no data|ok)$/);
    expect(status.guardrails.map(({ verdict }) => verdict)).toEqual(['no data', 'no data', enough]);
    const words = await application.strangler('status', 'catalog');
    expect(words).toMatch(/RAMP +step 1 of 3, 20 % for 2 s: its time is over, 0 of 50 reads/);
    expect(words).toContain('no traffic: 0 of 50 reads of the service in the window');
    expect(await decided()).toEqual(['person: canary 20']);
  }, 120_000);
});

describe('a service that turns bad', () => {
  it.each([
    [
      'fails',
      'error rate',
      /^error rate: [\d.]+ % of \d+ reads of the service, at most 1 .*, in the last \d+ s/,
    ],
    [
      'dawdles',
      'p99',
      /p99: [\d.]+ ms of \d+ reads, at most [\d.]+ ms, the monolith's being [\d.]+ ms, in the last \d+ s/,
    ],
    ['differs', 'mismatch', /mismatch: [\d.]+ % of \d+ compared answers, at most 1 %, in the last \d+ s/],
  ] as const)(
    'because it %s is taken back, journaled with value, threshold and window',
    async (how, guardrail, why) => {
      // By hand, so that a step up does not begin the evidence anew in the middle.
      await application.strangler('canary', 'catalog', '--weight', '20');
      await application.until(({ guardrails }) =>
        guardrails.some((one) => one.guardrail === guardrail && one.verdict === 'ok'),
      );
      application.behaviour = how;
      const status = await application.until(({ stage }) => stage === 'shadow');
      expect(status).toMatchObject({
        weightSet: 0,
        reads: 'monolith',
        ramp: null,
        takenBack: { weight: 20 },
      });
      const last = (await application.journal()).at(-1);
      expect(last).toMatchObject({ actor: 'guardrail', reason: expect.stringMatching(why) });
      const { broken } = last?.evidence as { broken: { guardrail: string; value: string }[] };
      expect(broken.map((each) => each.guardrail)).toContain(guardrail);
      expect(await application.strangler('log')).toMatch(/canary → shadow, broken: .* guardrail /);
      expect(await application.strangler('status', 'catalog')).toMatch(/GUARDRAIL +taken back from 20 %: /);
    },
    120_000,
  );

  it('in the middle of a ramp ends it, and it does not begin again by itself', async () => {
    await application.strangler('canary', 'catalog', '--ramp');
    await application.until((status) => status.weightSet === 60);
    application.behaviour = 'fails';
    await application.until(({ stage }) => stage === 'shadow');
    application.behaviour = 'well';
    await application.until(({ shadow }) => (shadow?.compared ?? 0) > 50);
    const journaled = await decided();
    expect(journaled.at(-1)).toBe('guardrail: shadow 0');
    expect(await application.status()).toMatchObject({ stage: 'shadow', ramp: null });
  }, 120_000);

  it('is judged by a changed strangler.yaml from the next look on', async () => {
    // The shadow would see as a mismatch what fails.
    await application.configure(
      settings('{ window: 10s, minRequests: 50, errorPercent: false, mismatchPercent: false }'),
    );
    await application.strangler('canary', 'catalog', '--weight', '20');
    await application.until(
      ({ guardrails }) => guardrails.map(({ guardrail }) => guardrail).join() === 'p99',
    );
    application.behaviour = 'fails';
    await application.until(({ guardrails }) => guardrails.some(({ verdict }) => verdict === 'ok'));
    expect(await application.status()).toMatchObject({ stage: 'canary', weightSet: 20 });
    await application.configure(settings('{ window: 10s, minRequests: 50 }'));
    const { takenBack } = await application.until(({ stage }) => stage === 'shadow');
    expect(takenBack?.why.join()).toMatch(/error rate/);
  }, 120_000);
});
