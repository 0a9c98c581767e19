import type { TracesSettings } from '../schema.ts';

/** Where traces go and which ones, once configuration and environment are put together. */
export interface TraceSettings {
  /** Left out, the exporter takes the address from the environment. */
  url?: string;
  /** Besides those that the environment names. */
  headers: Readonly<Record<string, string>>;
  /** For delivering once, repeated tries included. */
  timeoutMs: number;
  sampleRatio: number;
  /** Null leaves it to the attributes that the environment names, and to a default. */
  serviceName: string | null;
}

/** Spans are kept while they wait, so a collector that is slower than this had better be without them. */
const TIMEOUT_MS = 3000;

/**
 * What of traces is wanted: by `proxy.traces`, else by the usual variables of OpenTelemetry. Null when neither names
 * a collector, or when the variables turn it off.
 */
export function tracesWanted(
  settings: TracesSettings | undefined,
  environment: NodeJS.ProcessEnv,
): TraceSettings | null {
  const isOff =
    environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' ||
    environment['OTEL_TRACES_EXPORTER'] === 'none';
  const named =
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (isOff || (!settings && !named)) return null;
  return {
    ...(settings?.endpoint === undefined ? {} : { url: tracesUrl(settings.endpoint) }),
    headers: settings?.headers ?? {},
    timeoutMs: Number(environment['OTEL_EXPORTER_OTLP_TIMEOUT'] ?? 0) || TIMEOUT_MS,
    sampleRatio: settings?.sampleRatio ?? ratioOf(environment),
    serviceName: settings?.serviceName ?? environment['OTEL_SERVICE_NAME'] ?? null,
  };
}

/** The variable holds the address of the collector; spans have a path of their own below it. */
function tracesUrl(endpoint: string): string {
  return endpoint.endsWith('/v1/traces') ? endpoint : `${endpoint.replace(/\/+$/, '')}/v1/traces`;
}

function ratioOf(environment: NodeJS.ProcessEnv): number {
  const sampler = environment['OTEL_TRACES_SAMPLER'] ?? '';
  if (sampler.endsWith('always_off')) return 0;
  const ratio = Number(environment['OTEL_TRACES_SAMPLER_ARG'] ?? 1);
  return sampler.endsWith('traceidratio') && ratio >= 0 && ratio <= 1 ? ratio : 1;
}
