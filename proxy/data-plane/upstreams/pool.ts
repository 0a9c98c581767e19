import type { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Attempt, Exchange } from '../exchange.ts';
import { UpstreamTimeout } from '../lane/problems.ts';
import { chooseAddress, type Address } from './address.ts';
import { checkHealth, wordsOf } from './check-health.ts';
import { Circuit, type CircuitState } from './circuit.ts';
import { AddressHealth, type HealthState } from './health.ts';
import { NotAskedError } from './problems.ts';
import { RetryBudget } from './retry-budget.ts';
import type { SideSettings } from './schema.ts';

/** The part of a logger that is told of every change. */
export interface UpstreamLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PoolParts {
  logger: UpstreamLogger;
  /** For health checks; false opens a connection for each. */
  agentFor: (address: URL) => Agent | false;
  /** Milliseconds since 1970, never going back. */
  now: () => number;
  random: () => number;
}

export interface AddressStats {
  /** Host and port. */
  address: string;
  state: HealthState;
  /** ISO time of the last change of state. */
  since: string;
  /** What went wrong last, however long ago; null when nothing ever did. */
  lastError: string | null;
  running: number;
}

/** What is known of the addresses of one side. */
export interface SideHealth {
  addresses: AddressStats[];
  /** Null when it is not configured. */
  circuit: { state: CircuitState; since: string } | null;
  running: number;
  /** Requests that were sent again. */
  retried: number;
  /** Requests that were not sent again because the budget was used up. */
  notRetried: number;
  /** Requests that were kept away from it. */
  notAsked: number;
  /** Reads that the monolith answered in its place. */
  fellBack: number;
}

const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);
const BUSY_RETRY_MS = 1000;

/** The addresses of one side: chooses among them, and learns from what becomes of requests. */
export class Pool {
  readonly #name: string;
  readonly #parts: PoolParts;
  readonly #budget: RetryBudget;
  readonly #counts = { retried: 0, notRetried: 0, notAsked: 0, fellBack: 0 };
  #settings: SideSettings;
  #addresses: readonly Address[] = [];
  /** Those that get requests. */
  #chosenFrom: readonly Address[] = [];
  /** Nobody does well, so everybody gets requests. */
  #isLastResort = false;
  #nextReadmission = Infinity;
  #circuit: Circuit | null = null;
  #running = 0;

  /** @param name of the side, as the log says it */
  constructor(name: string, settings: SideSettings, parts: PoolParts) {
    this.#name = name;
    this.#parts = parts;
    this.#budget = new RetryBudget(parts.now);
    this.#settings = settings;
    this.#take(settings, true);
  }

  get settings(): SideSettings {
    return this.#settings;
  }

  /** Takes other settings. What is known of an address that stays is kept; what runs at one that goes ends there. */
  configure(settings: SideSettings): void {
    const { health, healthCheck, tls } = this.#settings;
    const areChecksOther = !isDeepStrictEqual(
      [health, healthCheck, tls],
      [settings.health, settings.healthCheck, settings.tls],
    );
    this.#settings = settings;
    this.#take(settings, areChecksOther);
  }

  /** The address that is to be asked. */
  choose(): Address {
    if (this.#nextReadmission !== Infinity) this.#readmit();
    return chooseAddress(this.#chosenFrom, this.#parts.random) ?? noAddress(this.#name);
  }

  /** One that has not been `tried`; null when none is left. */
  chooseAnother(tried: readonly Address[]): Address | null {
    const from = this.#chosenFrom.filter((address) => !tried.includes(address));
    return chooseAddress(from, this.#parts.random);
  }

  /** Why no request may be sent now; null when one may, and has then to be sent. */
  refusal(): NotAskedError | null {
    const { maxRunning } = this.#settings;
    const isFull = maxRunning !== undefined && this.#running >= maxRunning;
    const waitMs = isFull ? BUSY_RETRY_MS : (this.#circuit?.waitMs() ?? 0);
    if (waitMs === 0) return null;
    this.#counts.notAsked += 1;
    return new NotAskedError(isFull ? 'too many running' : 'circuit open', waitMs);
  }

  countRequest(): void {
    this.#budget.countRequest();
  }

  /** True when the budget allows one more retry, which is then counted. */
  spendRetry(): boolean {
    const isAllowed = this.#budget.spend(this.#settings.retry);
    this.#counts[isAllowed ? 'retried' : 'notRetried'] += 1;
    return isAllowed;
  }

  countFallback(): void {
    this.#counts.fellBack += 1;
  }

  /** Sends a request to one of the addresses, once, and learns from what becomes of it. */
  async send(
    exchange: Exchange,
    address: Address,
    { isWanted, onNewConnection }: { isWanted: (status: number) => boolean; onNewConnection: boolean },
  ): Promise<Attempt> {
    const circuit = this.#circuit;
    const era = circuit?.era ?? 0;
    const asLastResort = this.#isLastResort;
    let heard = false;
    // The head is what tells: the rest of an event stream may take for ever.
    const hear = (status: number): void => {
      heard = true;
      if (GATEWAY_ERRORS.has(status)) return this.#failed(address, circuit, era, `answers ${status}`);
      address.health.answered(asLastResort);
      circuit?.answered(era);
    };
    exchange.tried.push(address.url.host);
    address.running += 1;
    this.#running += 1;
    const attempt = await exchange.carrier
      .forward(exchange, {
        address: address.url,
        onNewConnection,
        isWanted: (status) => {
          hear(status);
          return isWanted(status);
        },
        upstreamDone: exchange.finishWrite,
      })
      .finally(() => {
        address.running -= 1;
        this.#running -= 1;
      });
    const why = heard ? breakOf(attempt) : failureOf(attempt, exchange);
    if (why !== null) this.#failed(address, circuit, era, why);
    // A lane does not ask for an upgrade whether it is wanted.
    else if (!heard && attempt.firstByteMs !== null) hear(attempt.status);
    return attempt;
  }

  get health(): SideHealth {
    const circuit = this.#circuit;
    return {
      addresses: this.#addresses.map(({ url, health, running }) => ({
        address: url.host,
        state: health.state,
        since: new Date(health.since).toISOString(),
        lastError: health.lastError,
        running,
      })),
      circuit: circuit && { state: circuit.state, since: new Date(circuit.since).toISOString() },
      running: this.#running,
      ...this.#counts,
    };
  }

  close(): void {
    for (const address of this.#addresses) address.stopChecks();
  }

  #take(settings: SideSettings, areChecksOther: boolean): void {
    const before = this.#addresses;
    const urls = [settings.url].flat().map((url) => new URL(url));
    this.#addresses = urls.map(
      (url) => before.find((known) => known.url.href === url.href) ?? this.#newAddress(url),
    );
    for (const address of before) if (!this.#addresses.includes(address)) address.stopChecks();
    for (const address of this.#addresses) {
      if (areChecksOther || !before.includes(address)) this.#startChecks(address);
    }
    const { circuit } = settings;
    if (!circuit.enabled) this.#circuit = null;
    else if (this.#circuit) this.#circuit.configure(circuit);
    else this.#circuit = new Circuit(circuit, this.#parts.now);
    this.#lookAgain();
  }

  #newAddress(url: URL): Address {
    const health: AddressHealth = new AddressHealth(this.#parts.now, (before) =>
      this.#changed(url, health, before),
    );
    return { url, health, running: 0, stopChecks: () => undefined };
  }

  #startChecks(address: Address): void {
    const { url, health } = address;
    const { health: path, healthCheck: settings } = this.#settings;
    address.stopChecks();
    address.stopChecks = () => undefined;
    if (!settings.enabled) return health.forgetChecks();
    const { agentFor, random } = this.#parts;
    address.stopChecks = checkHealth({
      url,
      path,
      settings,
      agentFor,
      random,
      passed: () => health.passed(settings),
      missed: (why) => health.missed(why, settings),
    });
  }

  #failed(address: Address, circuit: Circuit | null, era: number, why: string): void {
    address.health.failed(why, this.#settings.ejection, this.#mayEject(address));
    const before = circuit?.state;
    circuit?.failed(era);
    if (circuit && circuit.state !== before) {
      this.#parts.logger.warn(
        { side: this.#name, why },
        'the circuit is open: it gets no requests for a while',
      );
    }
  }

  /** The last one that could answer is never taken out: a bad answer is better than none. */
  #mayEject(address: Address): boolean {
    const { enabled, maxPercent } = this.#settings.ejection;
    if (!enabled || !this.#addresses.some((each) => each !== address && each.health.isUsable)) return false;
    const ejected = this.#addresses.filter(({ health }) => health.state === 'ejected').length;
    return ejected < Math.max(1, Math.floor((this.#addresses.length * maxPercent) / 100));
  }

  #changed(url: URL, health: AddressHealth, before: HealthState): void {
    const { state, lastError } = health;
    const fields = { side: this.#name, address: url.host, state, before };
    const { logger } = this.#parts;
    if (state === 'unhealthy' || state === 'ejected')
      logger.warn({ ...fields, lastError }, 'an address does not do well');
    else logger.info(fields, 'an address is back');
    // Somebody came online: no need to wait for the time to be over.
    if (before === 'unhealthy' && state === 'healthy') this.#circuit?.tryAgain();
    this.#lookAgain();
  }

  #readmit(): void {
    if (this.#parts.now() < this.#nextReadmission) return;
    for (const { health } of this.#addresses) health.readmitIfDue();
  }

  #lookAgain(): void {
    const usable = this.#addresses.filter(({ health }) => health.isUsable);
    this.#isLastResort = usable.every(({ health }) => health.state === 'unhealthy');
    this.#chosenFrom = this.#isLastResort ? this.#addresses : usable;
    this.#nextReadmission = Math.min(...this.#addresses.map(({ health }) => health.ejectedUntil));
  }
}

/** Why an answer that had begun did not come to its end; null when it did, or when the client left. */
function breakOf({ failed, status, error }: Attempt): string | null {
  return failed && !error && status < 500 ? 'broke off in the middle of an answer' : null;
}

/** Why there was no answer, as far as the address is to blame for it. */
function failureOf({ error, onUsedConnection, noByteCame }: Attempt, { request }: Exchange): string | null {
  if (!error) return null;
  if (error instanceof UpstreamTimeout) {
    // It may be the client whose upload stands still.
    return error.limit === 'idle' && request.bodyBytes !== 0 ? null : error.message;
  }
  // It was closing the connection anyway, as every server does after a while.
  return onUsedConnection && noByteCame ? null : wordsOf(error);
}

function noAddress(name: string): never {
  throw new Error(`The configuration was validated, and yet "${name}" has no address.`);
}
