import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { RequestHandler } from 'express';
import { routeOf } from './metrics.ts';

/** The span of the request that is being answered. */
const current = new AsyncLocalStorage<Span>();
let tracer: Tracer | undefined;

export interface Traces {
  follow: RequestHandler;
  close(): Promise<void>;
}

/** Spans go to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names; without one there are none. */
export function createTraces(name: string): Traces {
  if (!process.env.OTEL_EXPORTER_OTLP_ENDPOINT) {
    return { follow: (_request, _response, next) => next(), close: async () => undefined };
  }
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  tracer = provider.getTracer(name);
  return { follow: followWith(tracer), close: () => provider.shutdown().catch(() => undefined) };
}

/** A span for each request, as a child of what its `traceparent` names. */
const followWith =
  (used: Tracer): RequestHandler =>
  (request, response, next) => {
    const caller = parseTraceParent(request.get('traceparent') ?? '');
    const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true }) : ROOT_CONTEXT;
    const span = used.startSpan(request.method, { kind: SpanKind.SERVER }, parent);
    response.once('close', () => {
      const { statusCode } = response;
      span.updateName(`${request.method} ${routeOf(request)}`);
      span.setAttributes({ 'http.route': routeOf(request), 'http.response.status_code': statusCode });
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    current.run(span, next);
  };

/** Runs a call to another application in a span of its own, and gives it the headers that tell of it. */
export async function calling<T>(
  name: string,
  call: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  const parent = current.getStore();
  if (!tracer || !parent) return call({});
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT }, trace.setSpan(ROOT_CONTEXT, parent));
  const { traceId, spanId, traceFlags } = span.spanContext();
  try {
    return await call({ traceparent: `00-${traceId}-${spanId}-0${traceFlags & 1}` });
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** For the log: in which trace this line was written. */
export function traceIdNow(): { traceId?: string } {
  const span = current.getStore();
  return span ? { traceId: span.spanContext().traceId } : {};
}
