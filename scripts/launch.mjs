#!/usr/bin/env node
// The `strangler` command. Runs the built package, or the sources in a checkout; on a Node that is too old it
// says so and goes on with a newer one, so that nobody has to upgrade a machine. Plain JavaScript for old Nodes.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, 'strangler.ts');
const entry = existsSync(source) ? source : join(here, '..', 'dist', 'scripts', 'strangler.js');
const needed = entry === source ? [24, 0] : [22, 15];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  // Compiled once, read afterwards; the parts that `up` starts find it by the environment.
  const { directory } = nodeModule.enableCompileCache();
  if (directory) process.env.NODE_COMPILE_CACHE ??= cacheOfCompiled();
  await import(pathToFileURL(entry).href);
} else {
  runWith(findNewerNode());
}

/** Node's own default; it keeps users and versions apart inside. */
function cacheOfCompiled() {
  return join(tmpdir(), 'node-compile-cache');
}

/** In a checkout the project's own; else the one that npx keeps, whose place is remembered: asking takes a second. */
function findNewerNode() {
  const own = join(here, '..', 'node_modules', 'node', 'bin', 'node');
  if (existsSync(own)) return own;
  const note = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'strangler', 'node-24');
  const remembered = existsSync(note) ? readFileSync(note, 'utf8') : '';
  if (remembered && existsSync(remembered)) return remembered;
  process.stderr.write(
    `strangler: Node ${process.versions.node} is too old (${needed.join('.')} is the least); ` +
      'getting Node 24 through npx, once.\n',
  );
  const found = askNpx();
  try {
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, found);
  } catch {
    // A home that cannot be written costs that second each time.
  }
  return found;
}

/** Asks for the place only: a program run by npx would not get the signals that are meant for it. */
function askNpx() {
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const args = ['--yes', '--package=node@24', '--', 'node', '-p', 'process.execPath'];
  try {
    return execFileSync(npx, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      // Elsewhere than in a folder whose own packages would be taken for the answer.
      cwd: tmpdir(),
      shell: process.platform === 'win32',
    }).trim();
  } catch {
    process.stderr.write(`strangler: npx gave no Node; install Node ${needed.join('.')} or newer.\n`);
    process.exit(1);
  }
}

/** Stands in for the child: hands signals on, and ends as it ends. */
function runWith(node) {
  const child = spawn(node, [entry, ...process.argv.slice(2)], {
    env: { NODE_COMPILE_CACHE: cacheOfCompiled(), ...process.env },
    // Over the channel `up` notices when this process is killed, and stops as well.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', (error) => {
    process.stderr.write(`strangler: ${node} cannot be started: ${error.message}\n`);
    process.exit(1);
  });
  // Ctrl-C reaches the whole foreground group; handed on as well, it would arrive twice and cut the end short.
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !hasTerminal) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
