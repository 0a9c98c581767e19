import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Asked, Question } from './ask.ts';
import { Comparer } from './comparer.ts';
import { Mirror } from './mirror.ts';
import { shadowSchema } from './schema.ts';

const ANSWER: Asked = {
  kind: 'answer',
  answer: { status: 200, headers: {}, body: Buffer.from('the same') },
};

describe('a mirror', () => {
  it('asks nobody before what has come in the same turn of the loop was carried on', async () => {
    const asked: string[] = [];
    const ask = ({ target }: Question, told: (answer: Asked) => void): void => {
      asked.push(target);
      told(ANSWER);
    };
    const url = new URL('http://127.0.0.1:1');
    const mirror = new Mirror(
      {
        asker: { ask, close: () => undefined },
        comparer: new Comparer(),
        contracts: null,
        monolith: () => url,
        service: () => url,
        timeoutMs: () => 1000,
        changed: () => undefined,
      },
      shadowSchema.parse({}),
      null,
    );
    for (const target of ['/1', '/2'])
      mirror.offer('/{id}', () => ({
        ...{ service: 'catalog', template: '/{id}', target, headers: {}, answer: null },
        rewritesHost: { monolith: false, service: false },
      }));
    for (let microtask = 0; microtask < 100; microtask += 1) await Promise.resolve();
    expect(asked).toEqual([]);
    await turn();
    await mirror.settled();
    expect(new Set(asked)).toEqual(new Set(['/1', '/2']));
    expect(mirror.stats()).toMatchObject({ compared: 2, agreed: 2 });
  });
});
