import { describe, expect, it } from '@jest/globals';
import type { Answer } from './compare.ts';
import type { Difference } from './found.ts';
import { judge, type Look } from './judge.ts';
import { Noise } from './noise.ts';

const ANSWER: Answer = { status: 200, headers: {}, body: Buffer.from('') };
const at = (place: string): Difference => ({
  field: place.replace(/\[\d+\]/g, '[*]'),
  place,
  monolith: '1',
  service: '2',
});

/** What each look shows: places where the service differs, and where the monolith differs from before. */
type Script = [differs: string[], varied?: string[]][];

/** Judges a sample by a script; the last step is the last look at the monolith, if it comes to that. */
async function judged(noise: Noise, script: Script) {
  let step = 0;
  const next = () => script[Math.min(step++, script.length - 1)] ?? [[]];
  const judgement = await judge({
    look: async (): Promise<Look> => {
      const [differs, varied = []] = next();
      return { kind: 'compared', monolith: ANSWER, differences: differs.map(at), varied: varied.map(at) };
    },
    lookAtMonolith: async () => (next()[1] ?? []).map(at),
    noise,
    pausesMs: [1, 1, 1],
    signal: new AbortController().signal,
  });
  return { ...judgement, looks: step };
}

const always = (differs: string[], varied: string[] = []): Script => [[differs, varied]];

describe('one sample', () => {
  it('agrees at once, or as soon as the service has caught up', async () => {
    expect(await judged(new Noise(), [[[]]])).toMatchObject({ kind: 'agreed', looks: 1 });
    expect(await judged(new Noise(), [[['$.a']], [['$.a']], [[]]])).toMatchObject({
      kind: 'agreed',
      looks: 3,
    });
  });

  it('differs where the difference lasts and the monolith keeps to what it said', async () => {
    const judgement = await judged(new Noise(), always(['$.a', '$.b'], ['$.b']));
    expect(judgement).toMatchObject({ kind: 'differed', differences: [at('$.a')], looks: 5 });
  });

  it('proves nothing where the monolith changed its mind, even once, at that very place', async () => {
    const once: Script = [[['$[0].a']], [['$[0].a'], ['$[0].a']], [['$[0].a']], [['$[0].a']], [[]]];
    expect(await judged(new Noise(), once)).toMatchObject({ kind: 'noVerdict' });
    const elsewhere: Script = [[['$[0].a']], [['$[0].a'], ['$[1].a']], [['$[0].a']], [['$[0].a']], [[]]];
    expect(await judged(new Noise(), elsewhere)).toMatchObject({ kind: 'differed' });
  });

  it('takes what varies above a place, or all over a field, for that place too', async () => {
    expect(await judged(new Noise(), always(['$[0].a.b'], ['$[0]']))).toMatchObject({ kind: 'noVerdict' });
    expect(await judged(new Noise(), always(['$[7].a'], ['$[*].a']))).toMatchObject({ kind: 'noVerdict' });
    expect(await judged(new Noise(), always(['$.ab'], ['$.a']))).toMatchObject({ kind: 'differed' });
  });

  it('is given up when nobody waits for it any more', async () => {
    const stop = new AbortController();
    stop.abort();
    const look = () => Promise.reject(new Error('asked nevertheless'));
    const court = { look, lookAtMonolith: look, noise: new Noise(), pausesMs: [1], signal: stop.signal };
    expect(await judge(court)).toEqual({ kind: 'noVerdict' });
  });
});

describe('the noise of an operation', () => {
  const learned = async (...fields: string[]): Promise<Noise> => {
    const noise = new Noise();
    for (let sample = 0; sample < 3; sample += 1) await judged(noise, always(fields, fields));
    return noise;
  };

  it('is known after three samples, excuses the next at once, and hides nothing elsewhere', async () => {
    const noise = await learned('$[0].at');
    expect(noise.fields()).toEqual([{ field: '$[*].at', excused: 0 }]);
    expect(await judged(noise, always(['$[5].at']))).toMatchObject({ kind: 'agreed', looks: 1 });
    expect(await judged(noise, always(['$[5].at', '$[5].price'], ['$[5].at']))).toMatchObject({
      kind: 'differed',
      differences: [at('$[5].price')],
    });
    expect(noise.fields()).toEqual([{ field: '$[*].at', excused: 1 }]);
  });

  it.each(['body', '$', 'status'])('that covers all (%s) leaves no verdict', async (field) => {
    expect(await judged(await learned(field), always([field]))).toMatchObject({ kind: 'noVerdict' });
  });

  it('is not what is only written often', async () => {
    const noise = new Noise();
    for (let sample = 0; sample < 12; sample += 1) {
      await judged(noise, always(['$.stock'], sample % 2 === 0 ? ['$.stock'] : []));
    }
    expect(noise.fields()).toEqual([]);
    expect(await judged(noise, always(['$.stock']))).toMatchObject({ kind: 'differed' });
  });

  it('is looked at again now and then, and forgotten when the field has come to rest', async () => {
    const noise = await learned('$.at');
    const kinds: string[] = [];
    for (let sample = 0; sample < 200; sample += 1) kinds.push((await judged(noise, always(['$.at']))).kind);
    expect(kinds.slice(0, 19)).not.toContain('differed');
    expect(kinds.at(-1)).toBe('differed');
    expect(noise.fields()).toEqual([]);
  });

  it('of too many fields is not remembered, and never without bound', async () => {
    const noise = await learned(...Array.from({ length: 500 }, (_, index) => `$.k${index}`));
    expect(noise.fields()).toHaveLength(200);
  });
});
