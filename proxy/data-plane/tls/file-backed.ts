import { readFileSync, statSync } from 'node:fs';

export interface FileBackedOptions<Value> {
  files: readonly string[];
  /** Makes the value of the files' contents, in their order; throws when they do not fit each other. */
  make: (contents: readonly Buffer[]) => Value;
  /** Called with each newer value. */
  changed: (value: Value) => void;
  /** Called when the files changed and are of no use; the value before stays. */
  refused: (error: Error) => void;
  /** Serves until the files are of use, should they be of none from the beginning; without it, that is an error. */
  meanwhile?: Value;
}

// Looking is the same everywhere: links that are exchanged, mounted secrets, network file systems. A renewed
// certificate has days, so half a second is early.
const LOOK_MS = 500;

/**
 * A value made of files, made anew whenever one of them changes. Two files that belong together are seldom written
 * in one moment: what does not fit is refused, and the next change is looked at again.
 */
export class FileBacked<Value> {
  readonly #options: FileBackedOptions<Value>;
  readonly #timer: NodeJS.Timeout;
  #current: Value;
  /** What the files looked like before they were last read: a change during the reading is a change to come. */
  #seen: string;

  constructor(options: FileBackedOptions<Value>) {
    this.#options = options;
    this.#seen = looksOf(options.files);
    this.#current = this.#readFirst();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  get current(): Value {
    return this.#current;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = looksOf(this.#options.files);
    if (now === this.#seen) return;
    this.#seen = now;
    this.#readAgain();
  }

  #read(): Value {
    return this.#options.make(this.#options.files.map((file) => readFileSync(file)));
  }

  #readFirst(): Value {
    const { meanwhile, refused } = this.#options;
    if (meanwhile === undefined) return this.#read();
    try {
      return this.#read();
    } catch (error) {
      refused(asError(error));
      return meanwhile;
    }
  }

  #readAgain(): void {
    try {
      this.#current = this.#read();
    } catch (error) {
      return this.#options.refused(asError(error));
    }
    this.#options.changed(this.#current);
  }
}

function looksOf(files: readonly string[]): string {
  return files.map(lookOf).join();
}

function lookOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    // It may be gone for a moment, or not ours to look at any more; reading will say so.
    return String((error as NodeJS.ErrnoException).code);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
