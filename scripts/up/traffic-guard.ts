import type { Logger } from 'pino';
import type { Coordinator } from '../../migrations/lifecycle/coordinator.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import type { TrafficLook } from '../../migrations/lifecycle/guard-traffic.ts';
import { TrafficGuard } from '../../migrations/lifecycle/guard-traffic.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import type { Config } from '../config/read.ts';
import { TrafficEvidenceReader } from './traffic-evidence.ts';

export interface WiredGuard {
  guard: TrafficGuard;
  /** Judges by the new configuration from the next look on. */
  reconfigure(config: Config): void;
}

/** Guards the traffic by what proxies and sync report to the store. */
export function startTrafficGuard(parts: {
  config: Config;
  store: ControlStore;
  journal: JournalFollower;
  coordinator: Coordinator;
  isLeading: () => boolean;
  logger: Logger;
}): WiredGuard {
  const { store, journal, coordinator, isLeading, logger } = parts;
  const reader = new TrafficEvidenceReader();
  let { migrations } = parts.config;
  const guard = new TrafficGuard({
    coordinator,
    journal,
    isLeading,
    thresholds: () =>
      new Map(
        Object.entries(migrations).map(([name, { guardrails }]) => [
          name,
          { ...guardrails, windowMs: guardrails.window },
        ]),
      ),
    gather: async () => {
      const [reports, now] = await Promise.all([store.reports(), store.now()]);
      const evidenceOf: TrafficLook['evidenceOf'] = (state, windowMs) => {
        const settings = migrations[state.migration];
        const watched = {
          hasTables: (settings?.tables.length ?? 0) > 0,
          shadowSample: settings?.shadow.sample ?? 0,
        };
        return reader.read(state, watched, windowMs, reports, now);
      };
      return { now, evidenceOf };
    },
    warn: (fields, message) => logger.warn(fields, message),
  });
  return { guard, reconfigure: (config) => void ({ migrations } = config) };
}
