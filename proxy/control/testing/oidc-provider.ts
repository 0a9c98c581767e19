import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';

export const PAGE = { client_id: 'strangler', client_secret: 'the secret of the page' };
const MACHINE = { client_id: 'deployer', client_secret: 'the secret of the machine' };
export const AUDIENCE = 'strangler-api';

export interface TestProvider {
  issuer: string;
  /** Groups by login. */
  groups: Map<string, string[]>;
  /** A JWT of a machine with these groups, by client credentials. */
  machineToken(groups: string[]): Promise<string>;
  /** A JWT that the provider would have signed, with these claims. */
  signed(claims: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

/** A real OIDC provider on loopback: whoever logs in is who they say, and in the groups that the test says. */
export async function startOidcProvider(redirectUrl: () => string): Promise<TestProvider> {
  const groups = new Map<string, string[]>();
  const machine = { groups: [] as string[] };
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), use: 'sig', alg: 'RS256', kid: 'one' };
  const configuration: Configuration = {
    jwks: { keys: [key] },
    cookies: { keys: ['a key of a test'] },
    clients: [
      {
        ...PAGE,
        redirect_uris: [redirectUrl()],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
      { ...MACHINE, redirect_uris: [], grant_types: ['client_credentials'], response_types: [] },
    ],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    ttl: { AccessToken: 60, ClientCredentials: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        preferred_username: `${id}@example.com`,
        groups: groups.get(id) ?? [],
      }),
    }),
    extraTokenClaims: async () => ({ groups: machine.groups, preferred_username: 'deployer' }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:strangler',
        getResourceServerInfo: () => ({
          ...{ scope: '', audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: 60 },
        }),
      },
    },
  };
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    issuer,
    groups,
    machineToken: async (of) => {
      machine.groups = of;
      const asked = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic(MACHINE)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const { access_token: token } = (await asked.json()) as { access_token: string };
      return token;
    },
    signed: (claims) =>
      new SignJWT({ iss: issuer, aud: AUDIENCE, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .sign(privateKey),
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

const basic = ({ client_id: id, client_secret: secret }: typeof PAGE): string =>
  Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');

/** As much of a browser as signing in needs: it keeps cookies by place, and follows redirects one at a time. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  async go(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const cookie = [...this.#cookies].flatMap(([name, value]) => {
      const [place, key] = name.split(' ');
      return place === host ? [`${key}=${value}`] : [];
    });
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: cookie.join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(`${host} ${name}`);
      else this.#cookies.set(`${host} ${name}`, value);
    }
    return response;
  }

  /** Signs in as `login` from `url` on, and gives where it ends at `home`. */
  async signIn(url: string, login: string, home: string): Promise<string> {
    let [at, init]: [string, RequestInit] = [url, {}];
    for (let steps = 0; steps < 20; steps += 1) {
      const response = await this.go(at, init);
      const location = response.headers.get('location');
      init = {};
      if (location !== null) {
        at = new URL(location, at).href;
        if (at.startsWith(home) && !at.includes('/v1/')) return at.slice(home.length);
        continue;
      }
      const page = await response.text();
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      const [, action] = /action="([^"]+)"/.exec(page) ?? [];
      if (prompt === undefined || action === undefined)
        throw new Error(`no form at ${at} (${response.status}): ${page.slice(0, 500)}`);
      at = new URL(action, at).href;
      init = { method: 'POST', body: new URLSearchParams({ prompt, login, password: 'any' }) };
    }
    throw new Error(`signing in as ${login} never came to an end; it was at ${at}`);
  }
}
