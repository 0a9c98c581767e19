import { request as httpRequest, type Agent } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HealthCheckSettings } from './schema.ts';

export interface CheckedAddress {
  url: URL;
  /** Path that is asked for, without the base path of the url. */
  path: string;
  settings: HealthCheckSettings;
  /** Should not keep connections: a check shows that new ones can be had. */
  agentFor: (address: URL) => Agent | false;
  passed: () => void;
  missed: (why: string) => void;
  random: () => number;
}

const FIRST_WITHIN_MS = 500;

/** Asks one address again and again how it is, never twice at once. Returns the way to stop. */
export function checkHealth(checked: CheckedAddress): () => void {
  const { settings, random, passed, missed } = checked;
  let stopAsking: () => void = () => undefined;
  let timer: NodeJS.Timeout;
  let isStopped = false;
  const schedule = (ms: number): void => {
    timer = setTimeout(() => {
      stopAsking = ask(checked, (why) => {
        if (isStopped) return;
        if (why === null) passed();
        else missed(why);
        // Proxies and addresses that started together drift apart.
        schedule(settings.intervalMs * (0.9 + 0.2 * random()));
      });
    }, ms);
  };
  schedule(random() * Math.min(FIRST_WITHIN_MS, settings.intervalMs));
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stopAsking();
  };
}

/** @param heard told once, null when the check passed */
function ask(
  { url, path, settings, agentFor }: CheckedAddress,
  heard: (why: string | null) => void,
): () => void {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const { timeoutMs } = settings;
  const asking = send(new URL(path, url), { agent: agentFor(url), headers: { 'user-agent': 'strangler' } });
  const timer = setTimeout(() => asking.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  let isHeard = false;
  const hear = (why: string | null): void => {
    clearTimeout(timer);
    if (!isHeard) heard(why);
    isHeard = true;
    asking.destroy();
  };
  asking.on('error', (error) => hear(`health check: ${wordsOf(error)}`));
  asking.once('response', ({ statusCode = 0 }) =>
    hear(statusCode < 500 ? null : `health check: ${path} answers ${statusCode}`),
  );
  asking.end();
  return () => hear(null);
}

/** What went wrong, in as few words as node has for it. */
export function wordsOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
