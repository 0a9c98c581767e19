// Format, lint, types, dead code and generated files, in one go: all are run, and all failures shown.
import { spawnSync } from 'node:child_process';

const checks = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['types', 'tsc', ['--noEmit']],
  ['lint', 'eslint', ['--max-warnings', '0', '.']],
  ['dead code', 'knip', ['--no-progress']],
  ['generated files', 'node', ['scripts/generate.ts', '--check']],
];

const failed = checks.filter(([name, command, args]) => {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  const verdict = status === 0 ? 'ok' : 'FAILED';
  process.stdout.write(`${name}: ${verdict} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  return status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
