// Builds the package into dist/: Node runs the sources as they are in a checkout, but strips no types inside
// node_modules.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What is read or served as it is, and therefore nothing that the compiler would follow. */
const ASSETS = [
  ['proxy/dashboard/dist', 'proxy/dashboard/dist'],
  // At the top, because people write its path into their strangler.yaml.
  ['scripts/config/strangler.schema.gen.json', 'strangler.schema.json'],
];

rmSync(join(root, 'dist'), { recursive: true, force: true });
const own = [join(root, 'scripts', 'build-dashboard.mjs')];
if (spawnSync(process.execPath, own, { stdio: ['ignore', 2, 2] }).status !== 0) process.exit(1);
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
// Whoever asks npm for a machine-readable answer (`npm pack --json`) gets it on stdout: say nothing there.
const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'scripts', 'tsconfig.build.json')], {
  stdio: ['ignore', 2, 2],
});
if (status !== 0) process.exit(1);
for (const [from, to] of ASSETS) {
  const target = join(root, 'dist', to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, from), target, { recursive: true });
}
