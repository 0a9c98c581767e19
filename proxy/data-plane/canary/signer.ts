import { createHmac, timingSafeEqual } from 'node:crypto';

const MAC_BYTES = 16;
const REMEMBERED = 10_000;

/** Signs what clients keep for the proxies, so that nobody can make it up. */
export class Signer {
  readonly #purpose: string;
  readonly #keys: readonly [string, ...string[]];
  readonly #verified = new Set<string>();

  /**
   * @param purpose what was signed for one purpose is worth nothing for another
   * @param keys the first one signs, all of them verify: the others are those of before
   */
  constructor(purpose: string, keys: readonly [string, ...string[]]) {
    this.#purpose = purpose;
    this.#keys = keys;
  }

  /** The text with its signature. */
  sign(text: string): string {
    return `${text}.${this.#macOf(text, this.#keys[0]).toString('base64url')}`;
  }

  /** The text that was signed; null for anything that was not. */
  verify(signed: string): string | null {
    const dot = signed.lastIndexOf('.');
    const text = signed.slice(0, Math.max(0, dot));
    if (this.#verified.has(signed)) return text;
    const mac = Buffer.from(signed.slice(dot + 1), 'base64url');
    if (text === '' || mac.length !== MAC_BYTES) return null;
    if (!this.#keys.some((key) => timingSafeEqual(mac, this.#macOf(text, key)))) return null;
    if (this.#verified.size >= REMEMBERED) this.#verified.clear();
    this.#verified.add(signed);
    return text;
  }

  #macOf(text: string, key: string): Buffer {
    return createHmac('sha256', key).update(`${this.#purpose}:${text}`).digest().subarray(0, MAC_BYTES);
  }
}
