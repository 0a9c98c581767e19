import type { Agent } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { chooseAddress, type Address } from './address.ts';
import { checkHealth } from './check-health.ts';
import { AddressHealth, type HealthState } from './health.ts';
import type { SideSettings } from './schema.ts';

/** The part of a logger that is told of every change. */
export interface UpstreamLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface AddressesParts {
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

/** The addresses of one side: who of them gets requests. */
export class Addresses {
  readonly #side: string;
  readonly #parts: AddressesParts;
  readonly #cameBack: () => void;
  #settings: SideSettings;
  #all: readonly Address[] = [];
  /** Those that get requests. */
  #chosenFrom: readonly Address[] = [];
  #isLastResort = false;
  #nextReadmission = Infinity;

  /**
   * @param side its name, as the log says it
   * @param cameBack called when one is healthy again that was not
   */
  constructor(side: string, settings: SideSettings, parts: AddressesParts, cameBack: () => void) {
    this.#side = side;
    this.#parts = parts;
    this.#cameBack = cameBack;
    this.#settings = settings;
    this.#take(settings, true);
  }

  /** Takes other settings. What is known of an address that stays is kept; what runs at one that goes ends there. */
  configure(settings: SideSettings): void {
    const { health, healthCheck } = this.#settings;
    const areChecksOther =
      health !== settings.health || !isDeepStrictEqual(healthCheck, settings.healthCheck);
    this.#settings = settings;
    this.#take(settings, areChecksOther);
  }

  /** Nobody does well, so that everybody gets requests. */
  get isLastResort(): boolean {
    return this.#isLastResort;
  }

  /** The address that is to be asked. */
  choose(): Address {
    if (this.#nextReadmission !== Infinity) this.#readmit();
    return chooseAddress(this.#chosenFrom, this.#parts.random) ?? noAddress(this.#side);
  }

  /** One that has not been `tried`; null when none is left. */
  chooseAnother(tried: readonly Address[]): Address | null {
    const from = this.#chosenFrom.filter((address) => !tried.includes(address));
    return chooseAddress(from, this.#parts.random);
  }

  /** A request was not answered there, or by a gateway's error. */
  failed({ health }: Address, why: string): void {
    health.failed(why, this.#settings.ejection, () => this.#mayEject(health));
  }

  get stats(): AddressStats[] {
    return this.#all.map(({ url, health, running }) => ({
      address: url.host,
      state: health.state,
      since: new Date(health.since).toISOString(),
      lastError: health.lastError,
      running,
    }));
  }

  close(): void {
    for (const address of this.#all) address.stopChecks();
  }

  #take({ url }: SideSettings, areChecksOther: boolean): void {
    const before = this.#all;
    this.#all = [url]
      .flat()
      .map((each) => new URL(each))
      .map((each) => before.find((known) => known.url.href === each.href) ?? this.#newAddress(each));
    for (const address of before) if (!this.#all.includes(address)) address.stopChecks();
    for (const address of this.#all) {
      if (areChecksOther || !before.includes(address)) this.#startChecks(address);
    }
    this.#lookAgain();
  }

  #newAddress(url: URL): Address {
    const health: AddressHealth = new AddressHealth(this.#parts.now, (before) =>
      this.#changed(url, health, before),
    );
    return { url, host: url.host, health, running: 0, stopChecks: () => undefined };
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

  /** The last one that could answer is never taken out: a bad answer is better than none. */
  #mayEject(health: AddressHealth): boolean {
    const { enabled, maxPercent } = this.#settings.ejection;
    if (!enabled || !this.#all.some((each) => each.health !== health && each.health.isUsable)) return false;
    const ejected = this.#all.filter((each) => each.health.state === 'ejected').length;
    return ejected < Math.max(1, Math.floor((this.#all.length * maxPercent) / 100));
  }

  #changed(url: URL, { state, lastError }: AddressHealth, before: HealthState): void {
    const fields = { side: this.#side, address: url.host, state, before };
    if (state === 'unhealthy' || state === 'ejected')
      this.#parts.logger.warn({ ...fields, lastError }, 'an address does not do well');
    else this.#parts.logger.info(fields, 'an address may be asked');
    this.#lookAgain();
    if (before === 'unhealthy' && state === 'healthy') this.#cameBack();
  }

  #readmit(): void {
    if (this.#parts.now() < this.#nextReadmission) return;
    for (const { health } of this.#all) health.readmitIfDue();
  }

  #lookAgain(): void {
    const usable = this.#all.filter(({ health }) => health.isUsable);
    this.#isLastResort = usable.every(({ health }) => health.state === 'unhealthy');
    this.#chosenFrom = this.#isLastResort ? this.#all : usable;
    this.#nextReadmission = Math.min(...this.#all.map(({ health }) => health.ejectedUntil));
  }
}

function noAddress(side: string): never {
  throw new Error(`The configuration was validated, and yet "${side}" has no address.`);
}
