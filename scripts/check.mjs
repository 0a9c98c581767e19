// Format, types, lint, dead code and generated files, in one go: all are run, two at a time, and all failures shown.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Of two, the slowest first: the short ones fit beside it.
const CHECKS = [
  // No cache: lint rules that know types look at other files than the one that changed.
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['types', 'tsc', ['--noEmit']],
  ['types of the dashboard', 'tsc', ['--noEmit', '-p', 'proxy/dashboard']],
  ['dead code', 'knip', ['--no-progress']],
  ['generated files', 'node', ['scripts/generate.ts', '--check']],
];
const AT_ONCE = 2;

const waiting = [...CHECKS];
let failed = 0;

/** Says what a check said in one piece, so that two do not mix. */
async function run([name, command, args]) {
  const started = Date.now();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => (said += text));
  }
  const code = await once(child, 'close').then(
    ([status]) => status,
    (error) => (said += error.message),
  );
  if (code !== 0) failed += 1;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${said}${name}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)\n`);
}

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) await run(next);
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exitCode = failed === 0 ? 0 : 1;
