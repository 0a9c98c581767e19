import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Router } from 'express';
import { ControlError } from './lifecycle.ts';

const folder = join(import.meta.dirname, '..', 'dashboard', 'dist');

/** What is of no such kind is not served, whatever lies in the folder. */
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
/** Their names carry a hash of their content. */
const KEPT = 'public, max-age=31536000, immutable';

/** The dashboard's built files, read once: a missing one shows at the start and not in a browser. */
export function servePage(): Router {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new ControlError('failed', 'The dashboard is not built; run `npm run setup` in this checkout.');
  }
  const router = Router();
  for (const file of readdirSync(folder, { recursive: true }).map(String)) {
    const type = TYPES[extname(file)];
    if (type === undefined) continue;
    const content = readFileSync(join(folder, file));
    const path = file === 'index.html' ? '/' : `/${file.replaceAll('\\', '/')}`;
    const cache = path.startsWith('/assets/') ? KEPT : 'no-cache';
    router.get(path, (_request, response) => {
      response.set({ 'Content-Type': type, 'Cache-Control': cache }).send(content);
    });
  }
  return router;
}
