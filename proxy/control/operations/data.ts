import type { Lifecycle } from '../lifecycle.ts';
import { readIgnoring } from '../read-ignoring.ts';
import { readPage, readRetry, readRowKey, readSkip } from '../read-parking.ts';
import { readBackfillOrder, readVerification } from '../read-request.ts';
import { nameIn } from './names.ts';
import { get, post, type Operations } from './operation.ts';

/** What both sides hold and say, and what is done about where they differ. */
export function operationsOfData(lifecycle: Lifecycle) {
  return {
    verify: post('/v1/migrations/:migration/verifications', async (request, response) => {
      const order = readVerification(request);
      await lifecycle.verify(nameIn(request), order.request, order.actor);
      response.status(202).location(`/v1/migrations/${encodeURIComponent(nameIn(request))}`);
    }),
    listFound: get('/v1/migrations/:migration/verifications/last', (request) =>
      lifecycle.found(nameIn(request)),
    ),
    holdBackfill: post('/v1/migrations/:migration/backfill', (request) => {
      const order = readBackfillOrder(request);
      return lifecycle.holdBackfill(nameIn(request), order.request, order.actor);
    }),
    showContract: get('/v1/migrations/:migration/contract', (request) => lifecycle.contract(nameIn(request))),
    listDifferences: get('/v1/migrations/:migration/differences', (request) =>
      lifecycle.differences(nameIn(request)),
    ),
    ignoreField: post('/v1/migrations/:migration/differences/ignored', (request) => {
      const order = readIgnoring(request);
      return lifecycle.ignoreField(nameIn(request), order.request, order.actor);
    }),
    listParked: get('/v1/migrations/:migration/parked', (request) =>
      lifecycle.parked(nameIn(request), readPage(request)),
    ),
    readParkedRows: get('/v1/migrations/:migration/parked/rows', (request) =>
      lifecycle.parkedRows(nameIn(request), readRowKey(request)),
    ),
    retryParked: post('/v1/migrations/:migration/parked/retries', (request) =>
      lifecycle.retry(nameIn(request), readRetry(request)),
    ),
    skipParked: post('/v1/migrations/:migration/parked/skips', (request) => {
      const order = readSkip(request);
      return lifecycle.skip(nameIn(request), order.request, order.actor);
    }),
  } satisfies Partial<Operations>;
}
