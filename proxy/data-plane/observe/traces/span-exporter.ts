import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { ProxyLogger } from '../observers.ts';
import type { TraceSettings } from './trace-settings.ts';

const COMPLAIN_MS = 60_000;

/** Sends spans to the collector, and says once a minute that it cannot, should that be so. */
export function createExporter(
  { url, headers, timeoutMs }: TraceSettings,
  logger: ProxyLogger,
): SpanExporter {
  const exporter = new OTLPTraceExporter({
    ...(url === undefined ? {} : { url }),
    headers: { ...headers },
    timeoutMillis: timeoutMs,
  });
  let mayComplainAt = 0;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const now = performance.now();
        if (result.error && now >= mayComplainAt) {
          mayComplainAt = now + COMPLAIN_MS;
          logger.warn(
            { why: result.error.message, spans: spans.length },
            'traces are lost: no collector takes them',
          );
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  };
}
