import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

interface Key {
  id: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

/** What a test says of a token that differs from a good one. */
export interface TokenParts {
  claims?: Record<string, unknown>;
  issuer?: string;
  audience?: string;
  /** As `jose` takes it, e.g. `10m` or `-1m`. */
  expiresIn?: string;
  key?: Key;
}

/** An issuer of tokens with a real server for its keys. */
export class Issuer {
  readonly name = 'https://issuer.example';
  readonly audience = 'shop';
  /** Requests for the keys. */
  fetched = 0;
  /** Status that the keys are answered with. */
  status = 200;
  keys: Key[] = [];
  readonly #server: Server;
  #beforeAnswer: (answer: () => void) => void = (answer) => answer();

  constructor() {
    this.#server = createServer((_req, res) => {
      this.fetched += 1;
      const keys = this.keys.map(({ jwk }) => jwk);
      this.#beforeAnswer(() => {
        res.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
      });
    });
  }

  /** Gives every request for the keys to a test, which lets the answer go when it likes. */
  hold(beforeAnswer: (answer: () => void) => void): void {
    this.#beforeAnswer = beforeAnswer;
  }

  async start(): Promise<this> {
    this.keys = [await newKey('first')];
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  /** What `proxy.jwt` needs to believe this issuer. */
  get settings(): { jwks: string; issuer: string; audience: string } {
    return { jwks: this.url, issuer: this.name, audience: this.audience };
  }

  /** A good token, but for what the test says. */
  async token(parts: TokenParts = {}): Promise<string> {
    const key = parts.key ?? this.keys[0];
    if (!key) throw new Error('The issuer has no key.');
    const token = new SignJWT({ sub: 'ann', ...parts.claims })
      .setProtectedHeader({ alg: 'ES256', kid: key.id })
      .setIssuedAt()
      .setIssuer(parts.issuer ?? this.name)
      .setAudience(parts.audience ?? this.audience);
    if (parts.expiresIn !== 'never') token.setExpirationTime(parts.expiresIn ?? '10m');
    return token.sign(key.privateKey);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** A key pair with a name. */
export async function newKey(id: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    id,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(publicKey)), kid: id, alg: 'ES256', use: 'sig' },
  };
}
