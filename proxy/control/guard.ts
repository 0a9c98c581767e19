import type { RequestHandler } from 'express';
import { ControlError } from './lifecycle.ts';
import { isLoopback } from './listen.ts';

/** The page needs its own files and its own server, and nothing else in the world. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const hardenAnswers: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  });
  next();
};

/**
 * A web page elsewhere may point a name of its own at 127.0.0.1 and then counts as our origin (DNS rebinding).
 * Its requests still carry its name in `Host`. Ports are not compared: a tunnel may change them.
 */
export const refuseForeignHosts: RequestHandler = (request, _response, next) => {
  const host = request.headers.host ?? '';
  if (isLoopback(host.replace(/:\d+$/, ''))) return next();
  throw new ControlError(
    'forbidden',
    `Host ${quote(host)} is not this machine; use http://127.0.0.1 or http://localhost.`,
  );
};

/** What changes something is taken from our own page or from no page at all, so that nobody clicks for you. */
export const refuseForeignPages: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  const site = request.get('sec-fetch-site');
  const origin = request.get('origin');
  const own = `//${request.headers.host ?? ''}`;
  const fromElsewhere =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && origin !== `http:${own}` && origin !== `https:${own}`);
  if (fromElsewhere)
    throw new ControlError('forbidden', `A page of ${quote(origin ?? site ?? '')} may not do this.`);
  next();
};

/** Also keeps HTML forms out: they cannot send this type. */
export const requireJson: RequestHandler = (request, _response, next) => {
  const type = (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (request.method !== 'POST' || type === 'application/json') return next();
  throw new ControlError(
    'not-json',
    'Send `content-type: application/json` and a JSON object, `{}` at least.',
  );
};

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
