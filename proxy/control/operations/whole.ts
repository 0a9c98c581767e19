import type { components } from '../api.gen.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { METRICS_TYPE, renderMetrics } from '../metrics.ts';
import { readEventsQuery, readJournalQuery, readQuestion, readResumption } from '../read-request.ts';
import type { EventStream } from '../stream/stream-events.ts';
import { ask, get, open, post, type Operations } from './operation.ts';

/** What is not about one migration. */
export function operationsOfWhole(lifecycle: Lifecycle, events: EventStream) {
  return {
    listMoves: get('/v1/moves', () => lifecycle.underWay()),
    resume: post('/v1/resume', (request) => lifecycle.resume(readResumption(request))),
    readJournal: get('/v1/journal', async (request) => {
      const { migration, after, limit } = readJournalQuery(request);
      const entries = await lifecycle.log(migration);
      return entries.filter(({ seq }) => seq > after).slice(-limit);
    }),
    checkJournal: get('/v1/journal/verification', () => lifecycle.checkJournal()),
    explain: ask('/v1/explain', (request) => lifecycle.explain(readQuestion(request))),
    followEvents: get('/v1/events', async (request, response) =>
      events.attach(request, response, readEventsQuery(request)),
    ),
    readMetrics: get('/metrics', async (_request, response): Promise<void> => {
      const text = await renderMetrics(lifecycle);
      response.type(METRICS_TYPE).send(text);
    }),
    readHealth: open(
      get('/v1/health', async (): Promise<components['schemas']['Health']> => ({ status: 'ok' })),
    ),
  } satisfies Partial<Operations>;
}
