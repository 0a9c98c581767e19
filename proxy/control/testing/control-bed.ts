import { pino } from 'pino';
import { startControl, type Control, type ControlOptions } from '../server.ts';
import { MemoryLifecycle, migrationNamed } from './memory-lifecycle.ts';

export interface ControlBed extends Control {
  lifecycle: MemoryLifecycle;
}

/** A control API on a free port of loopback over a lifecycle in memory with `catalog` and `orders`. */
export async function startControlBed(
  options: Partial<ControlOptions> & { lifecycle?: MemoryLifecycle } = {},
): Promise<ControlBed> {
  const lifecycle =
    options.lifecycle ?? new MemoryLifecycle(migrationNamed('catalog'), migrationNamed('orders'));
  const control = await startControl({
    listen: { host: '127.0.0.1', port: 0 },
    tokens: [],
    logger: pino({ level: 'silent' }),
    ...options,
    lifecycle,
  });
  return { ...control, lifecycle };
}
