import { UnreachableDatabaseError, DatabaseError } from '../../migrations/databases/errors.ts';
import { ContractError } from '../../migrations/contracts/document.ts';
import type { Coordinator, MoveResult } from '../../migrations/lifecycle/coordinator.ts';
import {
  GateRefusedError,
  JournalConflictError,
  LifecycleError,
  MoveFailedError,
  MoveNotAllowedError,
  MoveUnderWayError,
  UnknownMigrationError,
} from '../../migrations/lifecycle/errors.ts';
import type { JournalFollower } from '../../migrations/lifecycle/follow.ts';
import { startVerify } from '../../migrations/lifecycle/run-verify.ts';
import type { ControlStore } from '../../migrations/lifecycle/store.ts';
import { ControlError } from '../../proxy/control/lifecycle.ts';
import type {
  Actor,
  JournalEntry,
  Lifecycle,
  MoveOutcome,
  MoveRequest,
} from '../../proxy/control/lifecycle.ts';
import type { RouteTable } from '../../proxy/routes/table.ts';
import type { Config } from '../config/read.ts';
import { locateMappingProblems } from './capabilities.ts';
import { statusOf } from './status.ts';
import { trafficReports } from './traffic.ts';
import { GateWatch } from './watch-gates.ts';

const TICK_MS = 500;

export interface LifecycleParts {
  config: Config;
  table: RouteTable;
  store: ControlStore;
  journal: JournalFollower;
  coordinator: Coordinator;
}

/** The lifecycle as the control API wants it. */
export function createLifecycle(parts: LifecycleParts): Lifecycle & { close(): void } {
  const { config, table, store, journal, coordinator } = parts;
  const names = Object.keys(config.migrations);
  const watch = new GateWatch(coordinator, journal, names);
  const verifying = new Set<string>();

  const guarded = async <T>(migration: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toControlError(error, config, migration);
    }
  };

  return {
    close: () => watch.close(),
    status: () =>
      guarded('', async () => {
        const [reports, traffic] = await Promise.all([store.reports(), trafficReports(store)]);
        watch.isWatched();
        return names.map((name) => {
          const { service, pairs, thresholds } = coordinator.capability(name);
          const { shadowSamples, shadowMismatchPercent } = thresholds;
          const routes = table.routes.filter((route) => route.migration === name);
          const waitsFor = watch.waitsFor(name);
          const phase = coordinator.phaseOf(name);
          const hasTables = pairs.length > 0;
          const known = { service, hasTables, routes, reports, traffic, phase, waitsFor };
          const state = journal.state(name);
          return statusOf(state, { ...known, shadowSamples, shadowMismatchPercent }, Date.now());
        });
      }),
    plan: (migration, { verb }) => guarded(migration, () => coordinator.plan(migration, verb)),
    move: (migration, request, actor) =>
      guarded(migration, async () => {
        const outcome = await coordinator.move(migration, orderOf(request, actor));
        watch.refreshSoon();
        return finished(outcome);
      }),
    verify: (migration, request, actor) =>
      guarded(migration, async () => {
        const capability = coordinator.capability(migration);
        const state = journal.state(migration);
        if (verifying.has(migration) || state.change) {
          const what = state.change ? `"${state.change.verb}" is under way` : 'a verify is running already';
          throw new ControlError('move-under-way', `"${migration}": ${what}`);
        }
        verifying.add(migration);
        try {
          const { ended } = await startVerify(store, capability, state, { ...request, actor: actor.name });
          void ended
            .catch(() => undefined)
            .finally(() => {
              verifying.delete(migration);
              watch.refreshSoon();
            });
        } catch (error) {
          verifying.delete(migration);
          throw error;
        }
      }),
    resume: (actor) =>
      guarded('', async () =>
        (await coordinator.resume(actor.name)).map(({ late: _, ...outcome }) => outcome),
      ),
    log: (migration) =>
      guarded(migration ?? '', async () => {
        if (migration !== undefined) coordinator.capability(migration);
        await journal.refresh();
        return journal.entries
          .filter((entry) => migration === undefined || entry.migration === migration)
          .map(
            ({
              seq,
              at,
              migration: of,
              kind,
              epoch,
              actor,
              reason,
              evidence,
              hash,
              decision,
            }): JournalEntry => {
              const { kind: _, ...facts } = decision;
              return {
                seq,
                at,
                migration: of,
                kind,
                epoch,
                actor,
                reason,
                evidence: { ...facts, gates: evidence },
                hash,
              };
            },
          );
      }),
    subscribe(changed) {
      const stops = [journal.subscribe(changed), coordinator.subscribe(changed)];
      const tick = setInterval(changed, TICK_MS);
      return () => {
        clearInterval(tick);
        for (const stop of stops) stop();
      };
    },
  };
}

function orderOf({ verb, weight }: MoveRequest, actor: Actor) {
  return { verb, weight: weight ?? 0, actor: actor.name, reason: actor.reason };
}

/** A move that was taken back is an error to whoever asked for it. */
function finished(result: MoveResult): MoveOutcome {
  const { late, ...outcome } = result;
  if (outcome.done) return outcome;
  throw new ControlError(late ? 'timed-out' : 'failed', outcome.detail);
}

function toControlError(error: unknown, config: Config, migration: string): unknown {
  if (error instanceof ControlError) return error;
  const located = locateMappingProblems(config, migration, error);
  if (located !== null) return new ControlError('bad-request', located);
  if (error instanceof GateRefusedError)
    return new ControlError('gate-refused', error.message, [...error.gates]);
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  return code === null ? error : new ControlError(code, error.message);
}

function codeOf(error: Error): ConstructorParameters<typeof ControlError>[0] | null {
  if (error instanceof UnknownMigrationError) return 'unknown-migration';
  if (error instanceof MoveNotAllowedError) return 'move-not-allowed';
  if (error instanceof MoveUnderWayError || error instanceof JournalConflictError) return 'move-under-way';
  if (error instanceof MoveFailedError) return error.late ? 'timed-out' : 'failed';
  if (error instanceof UnreachableDatabaseError) return 'unreachable';
  if (error instanceof LifecycleError) return 'move-not-allowed';
  if (error instanceof DatabaseError || error instanceof ContractError) return 'failed';
  return null;
}
