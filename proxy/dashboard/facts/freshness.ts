import { duration } from '../words.ts';

export type Link = 'connecting' | 'live' | 'lost' | 'locked';

/** What is known of the connection; times in milliseconds since 1970, 0 for never. */
export interface Signs {
  link: Link;
  /** When anything came last, a heartbeat at least. */
  signAt: number;
  /** When a status came last. */
  statusAt: number;
  /** Why the status cannot be read; empty when it can. */
  trouble: string;
}

export interface Freshness {
  state: 'waiting' | 'fresh' | 'stale';
  /** One or two words for the corner of the page. */
  short: string;
  /** How old what is shown is. */
  age: string;
  /** What to say above what is stale; empty when nothing is. */
  notice: string;
}

/** Two heartbeats and some: a connection that is silent for longer may be dead. */
const QUIET_MS = 12_000;

/**
 * How far what the page shows can be trusted. While the stream lives, nothing has changed since the last status, so
 * the data are as old as its last sign; else they are as old as the last status.
 */
export function freshness({ link, signAt, statusAt, trouble }: Signs, now: number): Freshness {
  const seconds = (from: number): number => Math.max(0, Math.round((now - from) / 1000));
  if (statusAt === 0) {
    const short = link === 'locked' ? 'Signed out' : link === 'lost' ? 'No connection' : 'Connecting …';
    const notice =
      link === 'lost' ? 'The control API cannot be reached. This page tries again by itself.' : trouble;
    return { state: 'waiting', short, age: '', notice };
  }
  if (link === 'live' && trouble !== '') {
    return stale('No status', seconds(statusAt), `The status cannot be read: ${trouble}`);
  }
  if (link === 'live' && now - signAt <= QUIET_MS) {
    return { state: 'fresh', short: 'Live', age: `up to date, ${duration(seconds(signAt))} ago`, notice: '' };
  }
  if (link === 'live') return stale('Silent', seconds(signAt), 'Nothing comes any more.');
  if (link === 'locked')
    return stale('Signed out', seconds(statusAt), 'The session has ended: sign in again.');
  return stale(
    'Connection lost',
    seconds(signAt),
    'The connection is lost. This page tries again by itself.',
  );
}

function stale(short: string, seconds: number, why: string): Freshness {
  const age = `${duration(seconds)} old`;
  return { state: 'stale', short, age, notice: `${why} What you see is ${age}.` };
}
