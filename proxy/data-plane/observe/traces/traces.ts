import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  type Resource,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Carrier, Destination, Exchange } from '../../exchange.ts';
import type { ProxyLogger } from '../observers.ts';
import { createExporter } from './span-exporter.ts';
import { answerAttributes, attemptAttributes, requestAttributes, spanName, tryAttributes } from './spans.ts';
import { callerOf, traceparentOf } from './trace-context.ts';
import type { TraceSettings } from './trace-settings.ts';

const CLOSE_MS = 3000;

/**
 * A span for each request and one for each try, as a child of what the client's `traceparent` names. The upstream
 * gets the span of the try as its parent, so that a trace leads through the proxy.
 */
export class Traces {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(settings: TraceSettings, logger: ProxyLogger) {
    this.#provider = new TracerProvider({
      resource: resourceOf(settings),
      // A caller that traces has decided for all that it calls, or its traces would have holes.
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.sampleRatio) }),
      // A queue is bounded only when what waits in it is.
      spanLimits: { attributeValueLengthLimit: 1024 },
      spanProcessors: [
        new BatchSpanProcessor({ exporter: createExporter(settings, logger), scheduledDelayMillis: 1000 }),
      ],
    });
    this.#tracer = this.#provider.getTracer('strangler');
  }

  begin(exchange: Exchange): void {
    const caller = callerOf(exchange);
    const span = this.#tracer.startSpan(
      spanName(exchange),
      { kind: SpanKind.SERVER },
      caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT,
    );
    const { traceId } = span.spanContext();
    const sent: Sent = ['traceparent', traceparentOf(span)];
    exchange.upstreamHeaders.push(sent);
    // A state without a parent that can be read belongs to no trace.
    if (!caller && exchange.request.header('tracestate') !== undefined) {
      exchange.upstreamHeaders.push(['tracestate', null]);
    }
    if (!span.isRecording()) {
      exchange.trace = { traceId, end: () => undefined };
      return;
    }
    span.setAttributes(requestAttributes(exchange));
    exchange.carrier = new TracedCarrier(exchange.carrier, this.#tracer, span, sent);
    exchange.trace = { traceId, end: (ended) => endRequest(span, ended) };
  }

  /** Delivers what is left, for some seconds at most. */
  async close(): Promise<void> {
    let giveUp: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, CLOSE_MS)));
    // What could not be delivered has been said by the exporter.
    await Promise.race([this.#provider.shutdown().catch(() => undefined), bound]);
    clearTimeout(giveUp);
  }
}

/** The header that names the parent; a new try puts its own span in. */
type Sent = [name: string, value: string];

/** Puts a span around each try. */
class TracedCarrier implements Carrier {
  readonly #carrier: Carrier;
  readonly #tracer: Tracer;
  readonly #parent: Context;
  readonly #sent: Sent;
  #tries = 0;

  constructor(carrier: Carrier, tracer: Tracer, span: Span, sent: Sent) {
    this.#carrier = carrier;
    this.#tracer = tracer;
    this.#parent = trace.setSpan(ROOT_CONTEXT, span);
    this.#sent = sent;
  }

  forward(exchange: Exchange, destination: Destination): void {
    const attributes = tryAttributes(exchange, destination.address, this.#tries);
    const { method } = exchange.request;
    const span = this.#tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, this.#parent);
    this.#tries += 1;
    this.#sent[1] = traceparentOf(span);
    try {
      this.#carrier.forward(exchange, spanned(destination, span));
    } catch (error) {
      span.end();
      throw error;
    }
  }

  refuse(...args: Parameters<Carrier['refuse']>): ReturnType<Carrier['refuse']> {
    return this.#carrier.refuse(...args);
  }

  sentHeaders(): ReturnType<Carrier['sentHeaders']> {
    return this.#carrier.sentHeaders();
  }

  onClientGone(left: () => void): () => void {
    return this.#carrier.onClientGone(left);
  }
}

/** The same destination, whose span ends with the try. */
function spanned(destination: Destination, span: Span): Destination {
  const { side, address, onNewConnection } = destination;
  return {
    side,
    address,
    onNewConnection,
    isWanted: (status) => destination.isWanted(status),
    upstreamDone: () => destination.upstreamDone(),
    ended: (attempt) => {
      span.setAttributes(attemptAttributes(attempt));
      if (attempt.failed || attempt.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      destination.ended(attempt);
    },
    broke: (error) => {
      span.end();
      destination.broke(error);
    },
  };
}

/** Who the spans are from; OTEL_RESOURCE_ATTRIBUTES may name more, and the service where nobody else does. */
function resourceOf({ serviceName }: TraceSettings): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'strangler' }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
    .merge(resourceFromAttributes(serviceName === null ? {} : { 'service.name': serviceName }));
}

function endRequest(span: Span, exchange: Exchange): void {
  span.setAttributes(answerAttributes(exchange));
  const { outcome } = exchange;
  if (outcome && (outcome.status >= 500 || (outcome.failed && outcome.status < 400))) {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
