/**
 * Follows the stream in a thread of its own: events are read, parsed and compared here, and the page gets what
 * changed when it has drawn a frame, however many events came meanwhile.
 */
import type { Signs } from '../facts/freshness.ts';
import { ChangeFinder, merged, type Changes, type Migration } from '../stream/changes.ts';
import { follow, type Listener } from '../stream/follow.ts';
import type { News, ToFollower } from '../stream/messages.ts';
import { RouteReader } from '../stream/read-routes.ts';

const ROUTES_EVERY_MS = 30_000;
/** More than this at once is not shown one by one anyway. */
const KEPT = 500;

const finder = new ChangeFinder();
const routes = new RouteReader();
const signs: Signs = { link: 'connecting', signAt: 0, statusAt: 0, trouble: '' };
let status: Migration[] | null = null;
let knowsRoutes = false;
let changes: Changes | null = null;
let told: Pick<News, 'journal' | 'steps' | 'isGap'> = { journal: [], steps: [], isGap: false };
let isReady = false;
let hasNews = false;
let signedIn: () => void = () => {};

function tell(): void {
  hasNews = true;
  if (!isReady) return;
  const news: News = { signs: { ...signs }, changes, ...told };
  postMessage(news);
  isReady = false;
  hasNews = false;
  changes = null;
  told = { journal: [], steps: [], isGap: false };
}

/** Nothing is shown of a migration before its routes are known: none would be a lie. */
function compare(): void {
  if (!status || !knowsRoutes) return;
  const found = finder.next(status, routes.all);
  changes = changes ? merged(changes, found) : found;
  tell();
}

async function readRoutes(): Promise<void> {
  try {
    const isNew = await routes.read();
    const isFirst = !knowsRoutes;
    knowsRoutes = true;
    if (isNew || isFirst) compare();
  } catch {
    // Whether the control API answers, the stream says; they are read again with the next status or after a while.
  }
}

addEventListener('message', ({ data }: MessageEvent<ToFollower>) => {
  if (data.kind === 'ready') {
    isReady = true;
    if (hasNews) tell();
    return;
  }
  signedIn();
});

/** Waits for the first word of the page: it knows whether somebody has to sign in. */
const begun = new Promise<void>((resolve) => (signedIn = resolve));

const listener: Listener = {
  alive() {
    signs.signAt = Date.now();
    if (signs.link !== 'live') void readRoutes();
    signs.link = 'live';
    tell();
  },
  status(event) {
    signs.statusAt = Date.now();
    signs.trouble = '';
    status = event.migrations;
    const isUnknown = ({ name }: Migration) => !routes.all.has(name);
    if (status.some(isUnknown)) void readRoutes();
    compare();
  },
  problem(problem) {
    signs.trouble = problem.detail;
    tell();
  },
  journal(entry) {
    told.journal.push(entry);
    if (told.journal.length > KEPT) told = { ...told, journal: told.journal.slice(-KEPT / 2), isGap: true };
    tell();
  },
  step(step) {
    told.steps = [...told.steps.slice(-KEPT), step];
    tell();
  },
  gap() {
    told.isGap = true;
    tell();
  },
  lost() {
    signs.link = 'lost';
    tell();
  },
  async locked() {
    signs.link = 'locked';
    const again = new Promise<void>((resolve) => (signedIn = resolve));
    tell();
    await again;
    signs.link = 'connecting';
    tell();
  },
};

void begun.then(() => {
  setInterval(() => signs.link === 'live' && void readRoutes(), ROUTES_EVERY_MS);
  return follow(listener);
});
