import { InvalidArgumentError } from 'commander';

/** A time limit, for commander. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && seconds > 0 && seconds <= 1_000_000) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds, e.g. 600.');
}
