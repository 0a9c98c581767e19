import { createReadStream, existsSync } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { firstLines } from './first-lines.ts';
import { generateRetail } from './generator.ts';

/** "Online Retail", UCI Machine Learning Repository, CC BY 4.0: 541,909 invoice lines of a gift shop. */
const FILE = fileURLToPath(new URL('../../../shared/data/online-retail.csv.gz', import.meta.url));

const GENERATED_LINES = 50_000;

export interface RetailSource {
  name: 'online-retail.csv.gz' | 'generator';
  csv: Readable;
}

/** Invoice lines as CSV with a header: the real ones where the file is there, else made up ones. */
export function openRetail(lines?: number, file = FILE): RetailSource {
  if (!existsSync(file)) {
    return { name: 'generator', csv: Readable.from(generateRetail(lines ?? GENERATED_LINES)) };
  }
  const csv = createReadStream(file).pipe(createGunzip());
  return { name: 'online-retail.csv.gz', csv: lines === undefined ? csv : limited(csv, lines) };
}

function limited(csv: Readable, lines: number): Transform {
  const limit = firstLines(lines + 1);
  csv.on('error', (error) => limit.destroy(error));
  limit.once('end', () => csv.destroy());
  return csv.pipe(limit);
}
