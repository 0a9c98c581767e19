#!/usr/bin/env node
// The `strangler` command. Runs the built package, or the sources in a checkout; on a Node that is too old it
// says so once and goes on with a newer one from the package registry, so that nobody has to upgrade a machine.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, '..', 'dist', 'scripts', 'strangler.js');
const source = join(here, 'strangler.ts');
const entry = existsSync(source) ? source : built;

const [major, minor] = process.versions.node.split('.').map(Number);
const newEnough = entry === source ? major >= 24 : major > 22 || (major === 22 && minor >= 15);

if (newEnough) {
  await import(pathToFileURL(entry).href);
} else {
  const own = join(here, '..', 'node_modules', 'node', 'bin', 'node');
  const args = [entry, ...process.argv.slice(2)];
  if (!existsSync(own)) {
    process.stderr.write(
      `strangler: Node ${process.versions.node} is too old (22.15 is the least); using Node 24 through npx.\n`,
    );
  }
  const run = existsSync(own)
    ? spawnSync(own, args, { stdio: 'inherit' })
    : spawnSync('npx', ['--yes', '--package=node@24', '--', 'node', ...args], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
}
