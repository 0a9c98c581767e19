import type { Lifecycle } from '../lifecycle.ts';
import { readAbort, readMove, readPlan, readResumption } from '../read-request.ts';
import { find, nameIn } from './names.ts';
import { ask, get, post, type Operations } from './operation.ts';

/** Where migrations stand, and their moves. */
export function operationsOfMigrations(lifecycle: Lifecycle) {
  return {
    listMigrations: get('/v1/migrations', () => lifecycle.status()),
    getMigration: get('/v1/migrations/:migration', async (request) =>
      find(await lifecycle.status(), nameIn(request)),
    ),
    planMove: ask('/v1/migrations/:migration/plan', (request) =>
      lifecycle.plan(nameIn(request), readPlan(request)),
    ),
    move: post('/v1/migrations/:migration/moves', (request) => {
      const order = readMove(request);
      return lifecycle.move(nameIn(request), order.request, order.actor);
    }),
    abort: post('/v1/migrations/:migration/abort', (request) =>
      lifecycle.abort(nameIn(request), readAbort(request)),
    ),
    getLastChange: get('/v1/migrations/:migration/moves/last', (request) =>
      lifecycle.lastChange(nameIn(request)),
    ),
    getTraffic: get('/v1/migrations/:migration/traffic', (request) => lifecycle.traffic(nameIn(request))),
    getCertificate: get('/v1/migrations/:migration/certificate', (request) =>
      lifecycle.certificate(nameIn(request)),
    ),
    forgetKeys: post('/v1/migrations/:migration/keys/removal', (request) =>
      lifecycle.forgetKeys(nameIn(request), readResumption(request)),
    ),
    dropGuard: post('/v1/migrations/:migration/guard/removal', (request) =>
      lifecycle.dropGuard(nameIn(request), readResumption(request)),
    ),
  } satisfies Partial<Operations>;
}
