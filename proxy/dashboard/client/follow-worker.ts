/**
 * Follows the stream in a thread of its own: events are read, parsed and compared here, and the page gets what
 * changed when it has drawn a frame, however many events came meanwhile.
 */
import { ChangeFinder, merged, type Changes } from '../stream/changes.ts';
import { follow, type Listener } from '../stream/follow.ts';
import type { News, ToFollower } from '../stream/messages.ts';
import type { Signs } from '../facts/freshness.ts';

const finder = new ChangeFinder();
const signs: Signs = { link: 'connecting', signAt: 0, statusAt: 0, trouble: '' };
let changes: Changes | null = null;
let isReady = false;
let hasNews = false;
let signedIn: () => void = () => {};

function tell(): void {
  hasNews = true;
  if (!isReady) return;
  const news: News = { signs: { ...signs }, changes };
  postMessage(news);
  isReady = false;
  hasNews = false;
  changes = null;
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
    signs.link = 'live';
    tell();
  },
  status(event) {
    signs.statusAt = Date.now();
    signs.trouble = '';
    const found = finder.next(event.migrations);
    changes = changes ? merged(changes, found) : found;
    tell();
  },
  problem(problem) {
    signs.trouble = problem.detail;
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

void begun.then(() => follow(listener));
