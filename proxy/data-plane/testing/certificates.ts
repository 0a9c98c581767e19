import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its key, as PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** An authority that signs certificates for a test. */
export async function newAuthority(name = 'test authority'): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** A certificate for these names, and for 127.0.0.1 unless `at` says otherwise. */
export async function certify(
  ca: Pair,
  names: readonly string[],
  { at = '127.0.0.1', expired = false }: { at?: string | null; expired?: boolean } = {},
): Promise<Pair> {
  const day = 24 * 3600 * 1000;
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'nobody' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca,
    notBeforeDate: new Date(Date.now() - 2 * day),
    notAfterDate: new Date(Date.now() + (expired ? -day : day)),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          ...(at === null ? [] : [{ type: 7 as const, ip: at }]),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** A folder for the files of one test. */
export class Files {
  readonly folder: string;

  /** In a new folder, or in this one, which may be gone. */
  constructor(folder = mkdtempSync(join(tmpdir(), 'strangler-files-'))) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Writes a file in one step, as those who renew certificates do; gives its path. */
  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
    return file;
  }

  /** Writes a certificate and its key. */
  writePair(name: string, { cert, key }: Pair): { cert: string; key: string } {
    return { cert: this.write(`${name}.crt`, cert), key: this.write(`${name}.key`, key) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
