import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const run = promisify(execFile);

/** Debian's; elsewhere name another by `STRANGLER_TEST_CHROMIUM`. */
const CHROMIUM = process.env['STRANGLER_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const ADVICE = 'install the package `chromium`, or name a Chromium by STRANGLER_TEST_CHROMIUM';
/** Two test files may find it missing at the same time: the second waits for the first. */
const APT = ['-y', '-o', 'DPkg::Lock::Timeout=300'];

/** A real browser that talks to nobody but the page's own server. Installs Debian's where it is missing and can be. */
export async function startBrowser(): Promise<Browser> {
  if (!isThere()) await install();
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

async function install(): Promise<void> {
  if (process.env['STRANGLER_TEST_CHROMIUM'] !== undefined) throw missing('nothing can be run there');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => run('apt-get', [...APT, ...args], { env, maxBuffer: 64 << 20 });
  const asked = ['install', '--no-install-recommends', 'chromium'];
  await apt('update')
    .then(() => apt(...asked))
    .catch((error: unknown) => {
      throw missing(`apt-get could not install it (${(error as Error).message.split('\n')[0]})`);
    });
  if (!isThere()) throw missing('apt-get installed another one');
}

function isThere(): boolean {
  try {
    accessSync(CHROMIUM, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(why: string): Error {
  return new Error(`There is no browser at ${CHROMIUM}: ${why}; ${ADVICE}.`);
}
