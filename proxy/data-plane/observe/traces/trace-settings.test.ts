import { describe, expect, it } from '@jest/globals';
import { tracesSchema } from '../schema.ts';
import { tracesWanted } from './trace-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('whether traces are wanted', () => {
  it('is no, unless configuration or environment names a collector', () => {
    expect(tracesWanted(undefined, {})).toBeNull();
    expect(tracesWanted(tracesSchema.parse({}), {})).not.toBeNull();
    const defaults = { headers: {}, timeoutMs: 3000, sampleRatio: 1, serviceName: null };
    expect(tracesWanted(undefined, ENDPOINT)).toEqual(defaults);
  });

  it('is no when the environment turns them off', () => {
    const settings = tracesSchema.parse({ endpoint: 'http://collector:4318' });
    for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
      expect(tracesWanted(settings, { ...ENDPOINT, ...off })).toBeNull();
    }
  });

  it('takes what the configuration says, else the environment, else a default', () => {
    const environment = {
      ...ENDPOINT,
      OTEL_SERVICE_NAME: 'edge',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(tracesWanted(undefined, environment)).toMatchObject({ serviceName: 'edge', sampleRatio: 0.25 });
    const settings = tracesSchema.parse({ serviceName: 'front', sampleRatio: 0.5 });
    expect(tracesWanted(settings, environment)).toMatchObject({ serviceName: 'front', sampleRatio: 0.5 });
    expect(tracesWanted(undefined, { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_off' })?.sampleRatio).toBe(0);
  });

  it.each([
    ['http://collector:4318', 'http://collector:4318/v1/traces'],
    ['http://collector:4318/otlp/', 'http://collector:4318/otlp/v1/traces'],
    ['http://collector:4318/v1/traces', 'http://collector:4318/v1/traces'],
  ])('sends to %s at %s', (endpoint, url) => {
    expect(tracesWanted(tracesSchema.parse({ endpoint }), {})?.url).toBe(url);
  });
});
