// Installs and builds what is missing, so that a bare clone needs one command. Plain JavaScript for old Nodes: it runs
// before the project's own Node is there.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDashboardCurrent } from './build-dashboard.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const installed = join(root, 'node_modules', '.package-lock.json');
const wanted = join(root, 'package-lock.json');

const isCurrent = existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
if (!isCurrent) {
  process.stderr.write('Installing dependencies (once) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
}

if (!isDashboardCurrent()) {
  process.stderr.write('Building the dashboard …\n');
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const own = existsSync(node) ? node : process.execPath;
  execFileSync(own, [join(root, 'scripts', 'build-dashboard.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
}
