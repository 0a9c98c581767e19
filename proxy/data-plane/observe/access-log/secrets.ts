const HIDDEN = '[redacted]';

/** Knows by their names which headers and query parameters are nobody's business. */
export class Secrets {
  readonly #words: readonly string[];

  /** @param words lower case */
  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** The value, or what is written in its place. */
  hide(name: string, value: string): string {
    return this.#isSecret(name) ? HIDDEN : value;
  }

  /** A query, with or without its question mark, whose secret values are hidden. */
  hideIn(query: string): string {
    return query.replace(/([^?&=]+)=([^&]*)/g, (_, name: string, value: string) => {
      return `${name}=${this.hide(decoded(name), value)}`;
    });
  }

  #isSecret(name: string): boolean {
    const lower = name.toLowerCase();
    return this.#words.some((word) => lower.includes(word));
  }
}

/** An encoded letter must not get a name past the list. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
