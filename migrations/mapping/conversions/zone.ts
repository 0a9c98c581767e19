import { ConversionError } from '../convert.ts';

/** Offsets change at most at full minutes since this year. */
const FULL_MINUTES_SINCE = Date.UTC(1972, 0, 1);
const CACHED_MINUTES = 200_000;
const DAY_MS = 86_400_000;
const LOCAL = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?$/;

/** Says what the clocks of a time zone show. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** @throws RangeError when there is no such zone */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** `2020-03-01 12:00:00.5+00` → `2020-03-01 13:00:00.5`. A time that the clocks show twice does not come back. */
  toLocal(instant: string): string {
    if (!instant.endsWith('+00')) return passed(instant);
    const { ms, fraction } = parse(instant.slice(0, -3), instant);
    const local = print(ms + this.#offsetAt(ms), fraction);
    this.toInstant(local);
    return local;
  }

  /** `2020-03-01 13:00:00.5` → `2020-03-01 12:00:00.5+00`, where the clocks showed that exactly once. */
  toInstant(local: string): string {
    if (!/^\d/.test(local)) return passed(local);
    const { ms, fraction } = parse(local, local);
    // As in the specification of ECMAScript Temporal, GetPossibleEpochNanoseconds: a day before and a day after there
    // are the only offsets that can hold.
    const [before, after] = [this.#offsetAt(ms - DAY_MS), this.#offsetAt(ms + DAY_MS)];
    const offsets = before === after ? [before] : [before, after];
    const found = offsets.filter((offset) => this.#offsetAt(ms - offset) === offset);
    const [offset] = found;
    if (offset === undefined) throw new ConversionError(local, `does not exist in ${this.name}`);
    if (found.length > 1) throw new ConversionError(local, `exists twice in ${this.name}`);
    return `${print(ms - offset, fraction)}+00`;
  }

  #offsetAt(ms: number): number {
    if (ms < FULL_MINUTES_SINCE) return this.#look(ms);
    const minute = Math.floor(ms / 60_000);
    const known = this.#offsets.get(minute);
    if (known !== undefined) return known;
    if (this.#offsets.size >= CACHED_MINUTES) this.#offsets.clear();
    const offset = this.#look(ms);
    this.#offsets.set(minute, offset);
    return offset;
  }

  #look(ms: number): number {
    const second = Math.floor(ms / 1000) * 1000;
    const parts = Object.fromEntries(
      this.#format.formatToParts(second).map(({ type, value }) => [type, value]),
    );
    const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
    const [month, day, hour, minute, sec] = ['month', 'day', 'hour', 'minute', 'second'].map((part) =>
      Number(parts[part]),
    );
    return utc(year, month, day, hour, minute, sec) - second;
  }
}

/** `infinity` is the same everywhere. */
function passed(value: string): string {
  if (value === 'infinity' || value === '-infinity') return value;
  throw new ConversionError(value, 'is not a time whose zone can be changed');
}

function parse(text: string, whole: string): { ms: number; fraction: string } {
  const parts = LOCAL.exec(text);
  if (!parts) throw new ConversionError(whole, 'is not a time whose zone can be changed');
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const ms = utc(year, month, day, hour, minute, second);
  if (print(ms, '') !== text.slice(0, 19)) throw new ConversionError(whole, 'is not a time of the calendar');
  return { ms, fraction: parts[7] ?? '' };
}

/** Like Date.UTC, which takes the years 0 to 99 for 1900 to 1999. */
function utc(year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

function print(ms: number, fraction: string): string {
  const text = new Date(ms).toISOString();
  if (!/^(?!0000)\d{4}-/.test(text)) throw new ConversionError(text, 'is not within the years 1 to 9999');
  return text.slice(0, 19).replace('T', ' ') + fraction;
}
