import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What a command says: results to stdout, everything else to stderr; drawing and colours only on a terminal. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  readonly json: boolean;
  /** What to say when the person presses Ctrl-C. */
  onInterrupt = '';
  #drawn = false;
  #lastLine = { text: '', at: 0 };

  constructor(
    json: boolean,
    out: NodeJS.WriteStream = process.stdout,
    err: NodeJS.WriteStream = process.stderr,
  ) {
    this.json = json;
    this.#out = out;
    this.#err = err;
  }

  /** Whether a person looks at the results. */
  get isTerminal(): boolean {
    return this.#out.isTTY && !this.json;
  }

  /** Whether a person looks at the progress. */
  get showsProgress(): boolean {
    return this.#err.isTTY;
  }

  get columns(): number {
    return this.#out.columns;
  }

  /** Colour for a terminal that wants it (NO_COLOR is respected); the words must do without. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out });
  }

  /** The result: `value` for a program, or `words` for a person. */
  result(value: unknown, words: () => string): void {
    this.clearProgress();
    this.#out.write(this.json ? `${JSON.stringify(value, null, 2)}\n` : `${harmless(words())}\n`);
  }

  /** One result of many, on one line when it is for a program. */
  resultLine(value: unknown, words: () => string): void {
    this.#out.write(this.json ? `${JSON.stringify(value)}\n` : `${harmless(words())}\n`);
  }

  /** Replaces everything that the terminal shows: each line is drawn over and its rest erased, so that nothing flickers. */
  redraw(words: string): void {
    const lines = harmless(words).split('\n');
    this.#out.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\n\u001b[J`);
  }

  note(words: string): void {
    this.clearProgress();
    this.#err.write(`${harmless(words)}\n`);
  }

  /** A line that is drawn over on a terminal; elsewhere a plain line when it is news, or ten seconds old. */
  progress(line: string, plain: string, kind: string): void {
    if (this.#err.isTTY) {
      this.#err.write(`\r\u001b[2K${harmless(line).slice(0, this.#err.columns - 1)}`);
      this.#drawn = true;
      return;
    }
    const isNews = kind !== this.#lastLine.text || Date.now() - this.#lastLine.at >= 10_000;
    if (!isNews) return;
    this.#lastLine = { text: kind, at: Date.now() };
    this.#err.write(`${harmless(plain)}\n`);
  }

  /** The last words after Ctrl-C; without any, only the half-drawn line goes away. */
  interrupted(): void {
    if (this.onInterrupt === '') this.clearProgress();
    else this.note(this.onInterrupt);
  }

  clearProgress(): void {
    if (this.#drawn) this.#err.write('\r\u001b[2K');
    this.#drawn = false;
  }
}

/** Names, paths and reasons come from elsewhere: they must not drive the terminal. Only our colours get through. */
function harmless(text: string): string {
  return text.replace(/\u001b\[[\d;]*m|[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (found) =>
    found.length > 1 ? found : '·',
  );
}
