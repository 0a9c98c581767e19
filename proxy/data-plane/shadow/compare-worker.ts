import { parentPort } from 'node:worker_threads';
import { compare, type Answer } from './compare.ts';
import { compileRules, type Rules } from './rules.ts';
import type { Difference } from './found.ts';
import type { ShadowSettings } from './schema.ts';
import type { Reply } from './thread.ts';

/** Two answers on their way to the worker. */
export interface Job {
  id: number;
  monolith: Answer;
  service: Answer;
  settings: ShadowSettings;
}

/** The rules of few migrations; a configuration that was replaced must not stay. */
const MOST_RULES = 20;
const compiled = new Map<string, Rules>();

parentPort?.on('message', ({ id, monolith, service, settings }: Job) => {
  const said = compare(monolith, service, rulesOf(settings));
  parentPort?.postMessage({ id, said } satisfies Reply<Difference[]>);
});

function rulesOf(settings: ShadowSettings): Rules {
  const key = JSON.stringify(settings);
  let rules = compiled.get(key);
  if (rules) return rules;
  if (compiled.size >= MOST_RULES) compiled.clear();
  compiled.set(key, (rules = compileRules(settings)));
  return rules;
}
