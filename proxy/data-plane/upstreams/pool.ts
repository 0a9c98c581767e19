import type { Attempt, Destination, Exchange, Side } from '../exchange.ts';
import { UpstreamTimeout } from '../lane/problems.ts';
import type { Address } from './address.ts';
import { Addresses, type AddressesParts, type AddressStats } from './addresses.ts';
import { wordsOf } from './check-health.ts';
import { Circuit, type CircuitState } from './circuit.ts';
import { NotAskedError } from './problems.ts';
import { RetryBudget } from './retry-budget.ts';
import type { SideSettings } from './schema.ts';

/** What is known of one side. */
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

/** Whose request is sent to one address after the other. */
export interface Sender {
  readonly exchange: Exchange;
  readonly isWanted: (status: number) => boolean;
  /** Called once for each address. */
  ended(attempt: Attempt, address: Address): void;
  /** The same where the lane failed. */
  broke(error: unknown): void;
}

const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);
/** The name of the one side that is no service. */
export const MONOLITH = 'monolith';
const BUSY_RETRY_MS = 1000;

/** One side: lets requests through to its addresses, and learns from what becomes of them. */
export class Pool {
  readonly addresses: Addresses;
  readonly #name: string;
  readonly #side: Side;
  readonly #parts: AddressesParts;
  readonly #budget: RetryBudget;
  readonly #counts = { retried: 0, notRetried: 0, notAsked: 0, fellBack: 0 };
  #settings: SideSettings;
  #circuit: Circuit | null;
  #running = 0;

  /** @param name of the side, as the log says it */
  constructor(name: string, settings: SideSettings, parts: AddressesParts) {
    this.#name = name;
    this.#side = name === MONOLITH ? 'monolith' : 'service';
    this.#parts = parts;
    this.#settings = settings;
    this.#budget = new RetryBudget(parts.now);
    this.#circuit = settings.circuit.enabled ? new Circuit(settings.circuit, parts.now) : null;
    // Somebody came online: no need to wait for the time to be over.
    this.addresses = new Addresses(name, settings, parts, () => this.#circuit?.tryAgain());
  }

  get settings(): SideSettings {
    return this.#settings;
  }

  /** Takes other settings, and keeps what is known of addresses and circuit. */
  configure(settings: SideSettings): void {
    const { circuit } = settings;
    this.#settings = settings;
    if (!circuit.enabled) this.#circuit = null;
    else if (this.#circuit) this.#circuit.configure(circuit);
    else this.#circuit = new Circuit(circuit, this.#parts.now);
    this.addresses.configure(settings);
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

  /** Sends a request to one address, once, and learns from what becomes of it. */
  send(sender: Sender, address: Address, onNewConnection: boolean): void {
    const { exchange } = sender;
    const own = new PoolTry(this, sender, address, onNewConnection, this.#circuit);
    // An array of one is smaller than one that has grown.
    if (exchange.tried.length === 0) exchange.tried = [address.host];
    else exchange.tried.push(address.host);
    address.running += 1;
    this.#running += 1;
    try {
      exchange.carrier.forward(exchange, own);
    } catch (error) {
      own.broke(error);
    }
  }

  /** A try has ended. */
  ended(address: Address): void {
    address.running -= 1;
    this.#running -= 1;
  }

  get side(): Side {
    return this.#side;
  }

  /** The circuit was opened by the last of too many failures. */
  opened(why: string): void {
    this.#parts.logger.warn({ side: this.#name, why }, 'the circuit is open: no requests for a while');
  }

  get health(): SideHealth {
    const circuit = this.#circuit;
    return {
      addresses: this.addresses.stats,
      circuit: circuit && { state: circuit.state, since: new Date(circuit.since).toISOString() },
      running: this.#running,
      ...this.#counts,
    };
  }

  close(): void {
    this.addresses.close();
  }
}

/** One try at one address of a pool; address and circuit are told how it fares, as things stood when it began. */
class PoolTry implements Destination {
  readonly address: URL;
  readonly side: Side;
  readonly onNewConnection: boolean;
  readonly #pool: Pool;
  readonly #sender: Sender;
  readonly #address: Address;
  readonly #circuit: Circuit | null;
  readonly #era: number;
  readonly #isLastResort: boolean;
  /** The head is what tells: the rest of an event stream may take for ever. */
  #isHeard = false;
  #isOver = false;

  constructor(
    pool: Pool,
    sender: Sender,
    address: Address,
    onNewConnection: boolean,
    circuit: Circuit | null,
  ) {
    this.address = address.url;
    this.side = pool.side;
    this.onNewConnection = onNewConnection;
    this.#pool = pool;
    this.#sender = sender;
    this.#address = address;
    this.#circuit = circuit;
    this.#era = circuit?.era ?? 0;
    this.#isLastResort = pool.addresses.isLastResort;
  }

  isWanted(status: number): boolean {
    this.#isHeard = true;
    this.#answered(status);
    return this.#sender.isWanted(status);
  }

  upstreamDone(): void {
    this.#sender.exchange.finishWrite();
  }

  ended(attempt: Attempt): void {
    if (!this.#end()) return;
    try {
      this.#judge(attempt);
      this.#sender.ended(attempt, this.#address);
    } catch (error) {
      // Nobody stands above this who could catch it: the end of an answer is told by a socket.
      this.#sender.broke(error);
    }
  }

  broke(error: unknown): void {
    if (this.#end()) this.#sender.broke(error);
  }

  #judge(attempt: Attempt): void {
    const why = this.#isHeard ? breakOf(attempt) : failureOf(attempt, this.#sender.exchange);
    if (why !== null) this.#failed(why);
    // A lane does not ask for an upgrade whether it is wanted.
    else if (!this.#isHeard && attempt.firstByteMs !== null) this.#answered(attempt.status);
  }

  /** False when it has ended before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#pool.ended(this.#address);
    return true;
  }

  #failed(why: string): void {
    this.#pool.addresses.failed(this.#address, why);
    if (this.#circuit?.failed(this.#era)) this.#pool.opened(why);
  }

  #answered(status: number): void {
    if (GATEWAY_ERRORS.has(status)) return this.#failed(`answers ${status}`);
    this.#address.health.answered(this.#isLastResort);
    this.#circuit?.answered(this.#era);
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
