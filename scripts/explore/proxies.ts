import { mayGoOn } from '../../proxy/data-plane/hold/running-writes.ts';
import { decide } from '../../proxy/data-plane/decide.ts';
import type { Decision } from '../../proxy/data-plane/decide.ts';
import type { Standing } from '../../proxy/data-plane/standing.ts';
import type { Action, Rules } from './action.ts';
import { withFault } from './action.ts';
import { commit } from './databases.ts';
import type { Proxy, SentWrite, World } from './world.ts';
import { nameOf, standsAt } from './world.ts';

const NAMES = ['the first proxy', 'the second proxy'];

/** What a proxy does and what happens to it, by the very decision that the data plane makes. */
export function proxies(world: World, rules: Rules): Action[] {
  return world.proxies.flatMap((proxy, i) => {
    const name = NAMES[i] ?? `proxy ${i}`;
    const put = (to: Partial<Proxy>, of = world): World => ({
      ...of,
      proxies: of.proxies.map((each, at) => (at === i ? { ...each, ...to } : each)),
    });
    return [
      ...write(world, proxy, name, put),
      ...follow(world, proxy, name, put, rules),
      ...lease(world, proxy, name, put, rules),
    ];
  });
}

type Put = (to: Partial<Proxy>, of?: World) => World;

function write(world: World, proxy: Proxy, name: string, put: Put): Action[] {
  const { left, members } = world;
  if (proxy.write === null) {
    if (left.writes === 0) return [];
    const after = { ...world, left: { ...left, writes: left.writes - 1 } };
    return members.map((_, of) => {
      const sent = sentBy(world, proxy, of);
      const how = sent ? `sends it to the ${sent.side}` : 'lets it wait';
      const what = `a write${members.length > 1 ? ` to ${nameOf(of)}` : ''} comes to ${name}, which ${how}`;
      return { what, next: put({ write: { of, sent } }, after) };
    });
  }
  const { of, sent } = proxy.write;
  if (!sent) return [];
  const { side } = sent;
  const what = `the write of ${name} reaches the ${side}`;
  const committed = commit(world, of, side);
  if (committed) {
    const { next, wrong } = committed;
    return [
      { what: `${what} and is acknowledged`, next: put({ write: null }, next), ...(wrong ? { wrong } : {}) },
    ];
  }
  const wrong = sent.excused
    ? {}
    : { wrong: 'a request failed although its proxy had its lease all the time' };
  return [{ what: `${what}, whose fence refuses it`, next: put({ write: null }), ...wrong }];
}

/** Reading, deciding anew on what waits and acknowledging are one step, unless the acknowledgement is late. */
function follow(world: World, proxy: Proxy, name: string, put: Put, rules: Rules): Action[] {
  const actions: Action[] = [];
  if (proxy.seq < world.journal.length && proxy.lease !== 'renewed, journal not read yet') {
    const next = taught(world, proxy);
    const said = world.journal.at(-1);
    const what = `${name} reads the journal up to "${said?.kind}"`;
    const isFollowed = next.stored && isSettled(world, next, rules);
    if (!isFollowed) actions.push({ what, next: put(next) });
    else {
      const faulty = withFault(world);
      actions.push({ what: `${what} and acknowledges it`, next: put({ ...next, acked: next.seq }) });
      if (faulty)
        actions.push({
          what: `${what}; its acknowledgement is late`,
          next: put(next, faulty),
          isFault: true,
        });
    }
  }
  if (proxy.acked < proxy.seq && proxy.stored && isSettled(world, proxy, rules)) {
    actions.push({ what: `${name} acknowledges what it has read`, next: put({ acked: proxy.seq }) });
  }
  return actions;
}

function isSettled(world: World, proxy: Proxy, rules: Rules): boolean {
  const { write: one } = proxy;
  if (!one?.sent || !rules.waitsForRunning) return true;
  const { side, seq } = one.sent;
  return mayGoOn({ migration: nameOf(one.of), side, seq }, standings(world, proxy));
}

function lease(world: World, proxy: Proxy, name: string, put: Put, rules: Rules): Action[] {
  if (proxy.lease === 'live') {
    // A connection that breaks is known to the store at once, and to the proxy a little later.
    if (!proxy.stored)
      return [{ what: `${name} notices that its connection broke`, next: put({ lease: 'over' }) }];
    const faulty = withFault(world);
    if (!faulty) return [];
    const broken = put({ stored: false, write: excused(proxy.write) }, faulty);
    return [
      { what: `the lease of ${name} runs out`, next: put({ lease: 'over' }, faulty), isFault: true },
      { what: `the connection of ${name} to the store breaks`, next: broken, isFault: true },
    ];
  }
  const actions: Action[] = [];
  if (proxy.lease === 'over' && proxy.stored)
    actions.push({
      what: `the store takes ${name} for gone`,
      next: put({ stored: false, write: excused(proxy.write) }),
      isFault: true,
    });
  if (proxy.lease === 'over') {
    const renewed = { stored: true, lease: 'renewed, journal not read yet' } as const;
    const trusting = { stored: true, lease: 'live' } as const;
    const what = `${name} renews its lease`;
    actions.push({ what, next: put(rules.readsBeforeTrusting ? renewed : trusting) });
  } else {
    const next = put({ ...taught(world, proxy), lease: 'live' });
    actions.push({ what: `${name} reads the journal and trusts its lease again`, next });
  }
  return actions;
}

/** With what it reads, a proxy decides again on what waits. */
function taught(world: World, proxy: Proxy): Proxy {
  const wiser: Proxy = { ...proxy, seq: world.journal.length };
  const { write: one } = proxy;
  if (!one || one.sent) return wiser;
  return { ...wiser, write: { ...one, sent: sentBy(world, wiser, one.of) } };
}

/** Null when it waits. */
function sentBy(world: World, proxy: Proxy, of: number): SentWrite | null {
  const decision = decideOn(world, proxy, of);
  if (decision.waits) return null;
  return { side: decision.side, seq: proxy.seq, excused: proxy.lease !== 'live' || !proxy.stored };
}

const excused = (write: Proxy['write']): Proxy['write'] =>
  write?.sent ? { ...write, sent: { ...write.sent, excused: true } } : write;

function decideOn(world: World, proxy: Proxy, of: number): Decision {
  return decide({
    kind: 'writes',
    standing: standing(world, proxy, of),
    seq: proxy.seq,
    leaseIsLive: proxy.lease === 'live',
    client: () => ({ isInServiceArm: false, pinnedBy: null, isAhead: false }),
  });
}

function standings(world: World, proxy: Proxy) {
  const all = world.members.map((_, of) => [nameOf(of), standing(world, proxy, of)] as const);
  return { seq: proxy.seq, byMigration: new Map(all) };
}

function standing(world: World, proxy: Proxy, of: number): Standing {
  const { journal } = world;
  const { migration, stage, owner, epoch, stageSeq, weight, change, shadowSince } = standsAt(
    journal,
    proxy.seq,
    of,
  );
  const known = { migration, stage, owner, epoch, stageSeq, weight, shadowSince };
  return { ...known, holdWrites: change !== null, isFenced: true, ignored: [] };
}
