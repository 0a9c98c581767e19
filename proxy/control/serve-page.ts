import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';

const folder = join(import.meta.dirname, '..', 'dashboard');

/** Listed one by one: what is not here is not served, whatever lies in the folder. */
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/follow.js': ['follow.js', 'text/javascript; charset=utf-8'],
  '/draw.js': ['draw.js', 'text/javascript; charset=utf-8'],
  '/words.js': ['words.js', 'text/javascript; charset=utf-8'],
} as const;

/** The dashboard's files, read once: a missing one shows at the start and not in a browser. */
export function servePage(): Router {
  const router = Router();
  for (const [path, [file, type]] of Object.entries(FILES)) {
    const content = readFileSync(join(folder, file));
    router.get(path, (_request, response) => {
      response.set({ 'Content-Type': type, 'Cache-Control': 'no-cache' }).send(content);
    });
  }
  return router;
}
