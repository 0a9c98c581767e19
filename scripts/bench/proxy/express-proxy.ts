import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Request } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import pino from 'pino';
import { Counter, Histogram } from 'prom-client';

// What a team would write by hand: the two libraries and a pool of connections. Alike, it does besides what a canary of
// ours does: 50 routes, a weighted choice of the side that sticks by a cookie, forwarding headers, metrics, a sampled log.
const [, , upstream = '', kind] = process.argv;
const isAlike = kind === 'alike';
const app = express();
app.disable('x-powered-by');
const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });

if (isAlike) {
  const proxies = { monolith: forwarding(), service: forwarding() };
  for (let each = 0; each < 49; each += 1) app.use(`/api/collection-${each}`, proxies.monolith);
  const seconds = new Histogram({ name: 'request_seconds', help: 'How long it took.', labelNames: ['side'] });
  const requests = new Counter({ name: 'requests', help: 'Answered.', labelNames: ['side', 'status'] });
  const log = pino(pino.destination({ dest: '/dev/null', sync: false, minLength: 4096 }));
  app.use((req, res, next) => {
    const side = sideOf(req, res);
    const startedAt = performance.now();
    res.once('finish', () => {
      seconds.observe({ side }, (performance.now() - startedAt) / 1000);
      requests.inc({ side, status: res.statusCode });
      if (Math.random() < 0.01)
        log.info({ method: req.method, path: req.path, status: res.statusCode, side });
    });
    void proxies[side](req, res, next);
  });
} else app.use(createProxyMiddleware({ target: upstream, agent }));

/** Half of the clients, always the same ones. */
function sideOf(req: Request, res: ServerResponse): 'monolith' | 'service' {
  let arm = /(?:^|;\s*)arm=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
  if (arm === undefined) {
    arm = randomUUID();
    res.setHeader('Set-Cookie', `arm=${arm}; Path=/; HttpOnly; SameSite=Lax`);
  }
  return Number.parseInt(arm.slice(0, 2), 16) < 128 ? 'service' : 'monolith';
}

function forwarding() {
  return createProxyMiddleware<Request>({
    target: upstream,
    agent,
    xfwd: true,
    on: {
      proxyReq: (sent, req) => {
        sent.setHeader('X-Forwarded-Host', req.headers.host ?? '');
        sent.setHeader('Forwarded', `for=${req.socket.remoteAddress};host="${req.headers.host}";proto=http`);
      },
    },
  });
}

const server = app.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
process.once('disconnect', () => process.exit());
