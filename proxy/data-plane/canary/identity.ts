import { randomBytes } from 'node:crypto';
import type { CanarySettings } from './schema.ts';

const ID = /^[A-Za-z0-9_-]{16}$/;

/** A random id that tells nothing about the client. */
export function freshId(): string {
  return randomBytes(12).toString('base64url');
}

/** The value of one cookie in a Cookie header; null when it is not there. */
function readCookie(header: string | undefined, name: string): string | null {
  if (header === undefined) return null;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return null;
}

/** The id that this proxy once gave out; null for none and for anything that it cannot have given out. */
export function readId(header: string | undefined, settings: CanarySettings): string | null {
  const value = readCookie(header, settings.cookie);
  return value !== null && ID.test(value) ? value : null;
}

/** True when the client wrote to this migration a moment ago. */
export function wroteLately(
  header: string | undefined,
  migration: string,
  settings: CanarySettings,
): boolean {
  return readCookie(header, wroteCookie(migration, settings)) !== null;
}

/** The cookie that keeps a client in its arm. */
export function idCookie(id: string, settings: CanarySettings, secure: boolean): string {
  return cookie(settings.cookie, id, settings.maxAgeSeconds, secure);
}

/** The cookie that sends the next reads of a client that wrote to the owner. */
export function wroteLatelyCookie(migration: string, settings: CanarySettings, secure: boolean): string {
  return cookie(wroteCookie(migration, settings), '1', Math.ceil(settings.readYourWritesMs / 1000), secure);
}

/**
 * True when this client belongs to the service's arm. Its place between 0 and 100 never changes, so raising the
 * weight only adds clients, and each migration has an order of its own.
 */
export function isInServiceArm(id: string, migration: string, weight: number): boolean {
  return placeOf(`${migration}:${id}`) < weight;
}

/** FNV-1a with the finisher of MurmurHash3, scaled to 0 ≤ place < 100. */
function placeOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000) * 100;
}

function wroteCookie(migration: string, settings: CanarySettings): string {
  return `${settings.cookie}_wrote_${migration.replace(/[^A-Za-z0-9_-]/g, '_')}`;
}

function cookie(name: string, value: string, maxAgeSeconds: number, secure: boolean): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
