import type { Span, SpanContext } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import type { Exchange } from '../../exchange.ts';

/** The span that the client calls from; null when it names none that can be read. */
export function callerOf({ request }: Exchange): SpanContext | null {
  const header = request.header('traceparent');
  const parent = header === undefined ? null : parseTraceParent(header);
  return parent && { ...parent, isRemote: true };
}

/** How the upstream is told which span it is called from. */
export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}
