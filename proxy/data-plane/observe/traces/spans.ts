import type { Attributes } from '@opentelemetry/api';
import type { Attempt, Exchange } from '../../exchange.ts';
import { UnwantedAnswer } from '../../lane/problems.ts';

/** The methods that a span may be named after; all others could be anything. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE']);

/** What a request is called in a trace: by its route, for a path would make each name a single one. */
export function spanName({ request, match }: Exchange): string {
  const method = METHODS.has(request.method) ? request.method : 'HTTP';
  return match ? `${method} ${match.route.path}` : method;
}

/** What the request says of itself, by the semantic conventions for HTTP. The query may hold secrets: it is not told. */
export function requestAttributes({ request, match }: Exchange): Attributes {
  const { host, port } = hostOf(request.header('host'), request.isSecure);
  return {
    ...methodAttributes(request.method),
    'url.scheme': request.isSecure ? 'https' : 'http',
    'url.path': request.target.path,
    'server.address': host,
    'server.port': port,
    'client.address': request.client,
    'network.peer.address': request.peer,
    'user_agent.original': request.header('user-agent'),
    'http.route': match?.route.path,
  };
}

/** What was decided and what came of it. */
export function answerAttributes(exchange: Exchange): Attributes {
  const { match, decision, outcome, problem, heldMs, tried, fellBack } = exchange;
  const status = outcome?.status ?? 0;
  return {
    'http.response.status_code': status === 0 ? undefined : status,
    'error.type': errorType(status, outcome?.failed ?? false),
    'strangler.migration': match?.migration,
    'strangler.kind': match?.kind,
    'strangler.stage': match ? decision.stage : undefined,
    'strangler.arm': decision.side,
    'strangler.reason': decision.reason,
    'strangler.epoch': decision.epoch,
    'strangler.held_ms': heldMs ?? undefined,
    'strangler.tried': tried,
    'strangler.fell_back': fellBack === null ? undefined : true,
    'strangler.refused': problem?.title,
  };
}

/** What is known of one try when it begins. */
export function tryAttributes(
  { request, decision, fellBack }: Exchange,
  address: URL,
  resends: number,
): Attributes {
  return {
    ...methodAttributes(request.method),
    'url.full': `${address.origin}${request.target.path}`,
    'server.address': address.hostname,
    'server.port': Number(address.port || defaultPort(address.protocol === 'https:')),
    'http.request.resend_count': resends > 0 ? resends : undefined,
    'strangler.arm': fellBack ? 'monolith' : decision.side,
  };
}

/** What came of one try. */
export function attemptAttributes({ status, failed, error }: Attempt): Attributes {
  // An answer that was given up is an answer all the same.
  const seen = error instanceof UnwantedAnswer ? error.status : status;
  const why = seen === 0 && error ? ((error as NodeJS.ErrnoException).code ?? error.name) : null;
  return {
    'http.response.status_code': seen === 0 ? undefined : seen,
    'error.type': why ?? errorType(seen, failed),
  };
}

function errorType(status: number, failed: boolean): string | undefined {
  if (status >= 500) return String(status);
  return failed ? 'aborted' : undefined;
}

function methodAttributes(method: string): Attributes {
  if (METHODS.has(method)) return { 'http.request.method': method };
  return { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

function hostOf(header: string | undefined, isSecure: boolean): { host: string | undefined; port: number } {
  const port = /:(\d{1,5})$/.exec(header ?? '')?.[1];
  return {
    host: port === undefined ? header : header?.slice(0, -port.length - 1),
    port: Number(port ?? defaultPort(isSecure)),
  };
}

function defaultPort(isSecure: boolean): number {
  return isSecure ? 443 : 80;
}
