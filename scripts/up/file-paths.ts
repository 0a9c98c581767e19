import { resolve } from 'node:path';
import type { FrontTlsSettings, UpstreamTlsSettings } from '../../proxy/data-plane/tls/schema.ts';

/** Files are meant from the folder of strangler.yaml, wherever the process runs. */
export function frontTlsIn(folder: string, tls: FrontTlsSettings): FrontTlsSettings {
  const others = tls.others.map(({ cert, key }) => ({
    cert: resolve(folder, cert),
    key: resolve(folder, key),
  }));
  return { ...tls, ...resolved(folder, tls, ['cert', 'key', 'ca']), others };
}

/** The same for what is said of TLS towards a side. */
export function upstreamTlsIn(folder: string, tls: UpstreamTlsSettings): UpstreamTlsSettings {
  return { ...tls, ...resolved(folder, tls, ['ca', 'cert', 'key']) };
}

/** Keys for tokens lie at a URL or in a file. */
export function jwksIn(folder: string, jwks: string): string {
  return /^https?:\/\//.test(jwks) ? jwks : resolve(folder, jwks);
}

function resolved<Name extends string>(
  folder: string,
  settings: Partial<Record<Name, string | undefined>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const file = settings[name];
    if (file !== undefined) paths[name] = resolve(folder, file);
  }
  return paths;
}
