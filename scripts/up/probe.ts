import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readUpstreamTls } from '../../proxy/data-plane/tls/upstream.ts';
import type { UpstreamTlsSettings } from '../../proxy/data-plane/tls/schema.ts';

const PROBE_MS = 2000;

/** One address of an application, as the gate of a move asks it. */
export interface Probed {
  label: string;
  url: string;
  /** Path that answers below 500 when it is well. */
  health: string;
  tls: UpstreamTlsSettings | undefined;
}

/** Asks an address how it is, just as the proxy would; null when it is well, else what is wrong, in words. */
export async function probe({ label, url, health, tls }: Probed): Promise<string | null> {
  const address = new URL(health, url);
  try {
    const status = await ask(address, tls);
    return status < 500 ? null : `${label}: ${address.href} answers ${status}`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${label}: ${address.href} does not answer (${why})`;
  }
}

function ask(address: URL, tls: UpstreamTlsSettings | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, signal: AbortSignal.timeout(PROBE_MS) };
    const asking =
      address.protocol === 'https:'
        ? httpsRequest(address, { ...options, ...readUpstreamTls(address, tls) })
        : httpRequest(address, options);
    asking.once('error', (error) => {
      reject(error.name === 'AbortError' ? new Error(`no answer within ${PROBE_MS} ms`) : error);
    });
    asking.once('response', (answer) => {
      resolve(answer.statusCode ?? 0);
      asking.destroy();
    });
    asking.end();
  });
}
