import { createHash, timingSafeEqual } from 'node:crypto';
import { ControlStartError } from '../listen.ts';
import { ROLES, type Role } from './caller.ts';

/** A secret that lets somebody in. */
export interface Token {
  /** Null for one that several share: then each says who they are. */
  name: string | null;
  role: Role;
  secret: string;
}

const NAME = /^[a-z0-9][a-z0-9._@-]{0,62}$/i;
const SHORTEST = 16;

/**
 * The tokens of the environment: `STRANGLER_TOKEN`, an operator's without a name, and `STRANGLER_TOKENS`, several as
 * `name:role:secret`, with blanks or commas between them. Throws a `ControlStartError` that names what is wrong, and
 * never the secret.
 */
export function readTokens(environment: NodeJS.ProcessEnv): Token[] {
  const shared = environment['STRANGLER_TOKEN'];
  if (shared === '') throw refuse('The token of the control API is empty; set STRANGLER_TOKEN to a secret.');
  const several = environment['STRANGLER_TOKENS'];
  const tokens: Token[] = [
    ...(shared === undefined ? [] : [{ name: null, role: 'operator' as const, secret: shared }]),
    ...(several === undefined ? [] : several.split(/[\s,]+/).filter(Boolean)).map(readToken),
  ];
  if (several !== undefined && several.trim() === '') throw refuse('STRANGLER_TOKENS is empty; unset it.');
  refuseTwice(tokens, 'name', ({ name }) => name);
  refuseTwice(tokens, 'secret', ({ secret }) => secret);
  return tokens;
}

/** Whose secret this is. Looks at every token, so that the time tells nothing. */
export function findToken(tokens: readonly Token[], secret: string): Token | null {
  const given = digest(secret);
  let found: Token | null = null;
  for (const token of tokens) if (timingSafeEqual(digest(token.secret), given)) found = token;
  return found;
}

/** What tells a token from others without giving it away; changes with its secret. */
export function fingerprintOf({ secret }: Token): string {
  return createHash('sha256').update(`strangler session of ${secret}`).digest('base64url').slice(0, 22);
}

function readToken(text: string, index: number): Token {
  const [name = '', role = '', ...rest] = text.split(':');
  const secret = rest.join(':');
  const which = `Token ${index + 1} of STRANGLER_TOKENS`;
  if (!NAME.test(name)) throw refuse(`${which} has no name; write name:role:secret, with a name like ada.`);
  if (!(ROLES as readonly string[]).includes(role))
    throw refuse(`${which} ("${name}") has no role; write ${name}:viewer:secret or ${name}:operator:secret.`);
  if (secret.length < SHORTEST)
    throw refuse(
      `${which} ("${name}") is too short to be a secret; give it at least ${SHORTEST} characters.`,
    );
  return { name, role: role as Role, secret };
}

function refuseTwice(tokens: readonly Token[], what: string, of: (token: Token) => string | null): void {
  const seen = new Set<string>();
  for (const token of tokens) {
    const value = of(token);
    if (value === null) continue;
    if (seen.has(value))
      throw refuse(`Two tokens of the control API have the same ${what}; give each its own.`);
    seen.add(value);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(message: string): ControlStartError {
  return new ControlStartError('unprotected', message);
}
