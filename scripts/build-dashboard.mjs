// Builds the dashboard's static files when they are missing or older than what they are made of. Plain JavaScript
// for old Nodes, because `setup.mjs` asks it; the build itself needs the project's own Node.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'proxy', 'dashboard');
export const built = join(page, 'dist');
const note = join(built, '.built-from');

/** Content and not times: a checkout of another commit gives files no order in time. */
export function isDashboardCurrent() {
  return existsSync(note) && readFileSync(note, 'utf8') === madeOf();
}

function madeOf() {
  const hash = createHash('sha256');
  const besides = ['package-lock.json', 'proxy/control/api.gen.ts', 'scripts/build-dashboard.mjs'];
  const files = [...sourcesIn(page), ...besides.map((file) => join(root, file))];
  for (const file of files.sort()) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
}

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(dist|testing|\..*)$/.test(entry.name) ? [] : sourcesIn(path);
    return /\.test\.ts$|^\./.test(entry.name) ? [] : [path];
  });
}

/** Beside and then in place: somebody may be serving the present files, or building too. */
async function buildDashboard() {
  const { build } = await import('vite');
  const from = madeOf();
  const fresh = join(page, 'dist', '..', `.dist-${randomUUID()}`);
  const old = `${fresh}-old`;
  try {
    await build({
      configFile: join(page, 'vite.config.ts'),
      build: { outDir: fresh, emptyOutDir: true },
    });
    writeFileSync(join(fresh, '.built-from'), from);
    if (existsSync(built)) renameSync(built, old);
    renameSync(fresh, built);
  } finally {
    for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  }
}

const isRun = process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isRun && !isDashboardCurrent()) await buildDashboard();
