import { send } from './bed.ts';

/** One metric of a scrape. */
export interface Scraped {
  help: string;
  type: string;
  /** By name and labels, as they are written. */
  samples: Map<string, number>;
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;

/**
 * Scrapes a metrics address and reads the text strictly: HELP, then TYPE, then the samples of that metric and of no
 * other; nothing twice. Throws on whatever a Prometheus would not take.
 */
export async function scrape(url: string): Promise<Map<string, Scraped>> {
  const reply = await send(url, 'GET', '/metrics');
  if (reply.status !== 200) throw new Error(`The scrape got ${reply.status}: ${reply.text}`);
  if (!reply.text.endsWith('\n')) throw new Error('The last line has no end.');
  const found = new Map<string, Scraped>();
  let name = '';
  for (const line of reply.text.split('\n').filter((each) => each !== '')) {
    const [, keyword, named = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (found.has(named)) throw new Error(`There are two metrics ${named}.`);
      found.set((name = named), { help: rest, type: '', samples: new Map() });
    } else if (keyword === 'TYPE') {
      if (named !== name) throw new Error(`The type of ${named} stands at ${name}.`);
      (found.get(name) as Scraped).type = rest;
    } else {
      addSample(line, name, found.get(name));
    }
  }
  return found;
}

/** The value of one series; 0 when it is not there, as a rate would take it. */
export function valueOf(found: ReadonlyMap<string, Scraped>, series: string): number {
  const name = series.replace(/\{.*$/, '');
  const family = found.get(name) ?? found.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.samples.get(series) ?? 0;
}

function addSample(line: string, name: string, metric: Scraped | undefined): void {
  const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (!metric || sample === '') throw new Error(`This is no line of Prometheus: ${line}`);
  const parts = metric.type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  if (!parts.includes(sample)) throw new Error(`${sample} stands among the samples of ${name}.`);
  if (metric.samples.has(sample + labels)) throw new Error(`There are two series ${sample}${labels}.`);
  const number = value === '+Inf' ? Infinity : Number(value);
  if (Number.isNaN(number) && value.toLowerCase() !== 'nan')
    throw new Error(`${value} is no number: ${line}`);
  metric.samples.set(sample + labels, number);
}
