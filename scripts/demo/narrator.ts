import { styleText } from 'node:util';

const BAR_CELLS = 24;

/** Tells the story: plain lines when nobody looks, colours and a drawn-over line on a terminal. */
export class Narrator {
  readonly stream: NodeJS.WriteStream;
  #steps = 0;
  #isDrawn = false;
  #hasEnded = false;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  /** A new chapter, and why it is needed. */
  step(title: string, ...why: string[]): void {
    this.#steps += 1;
    this.#write(
      '',
      this.#paint(['bold', 'cyan'], `${this.#steps}. ${title}`),
      ...why.map((line) => `   ${line}`),
    );
  }

  /** What happened. */
  say(...lines: string[]): void {
    this.#write(...lines.map((line) => `   ${line}`));
  }

  /** A command that a person would type. */
  command(line: string): void {
    this.#write(this.#paint('bold', `   $ ${line}`));
  }

  good(line: string): void {
    this.#write(this.#paint('green', `   ✓ ${line}`));
  }

  bad(line: string): void {
    this.#write(this.#paint('red', `   ✗ ${line}`));
  }

  /** The last word was said: what a step that was cut off still has to say is noise. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Text as it is, e.g. a table. */
  text(text: string): void {
    this.#write(text);
  }

  /** How far something long is; `share` from 0 to 1. Elsewhere than on a terminal a line each time. */
  progress(what: string, share: number, figures: string): void {
    if (!this.stream.isTTY) return this.#write(`   ${what}: ${figures}`);
    const full = Math.round(Math.min(1, share) * BAR_CELLS);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
    this.#draw(`   ${bar} ${what}: ${figures}`);
  }

  /** What is waited for; only drawn over on a terminal, and said when it changes elsewhere. */
  waiting(what: string): void {
    if (this.stream.isTTY) this.#draw(`   … ${what}`);
    else this.#write(`   … ${what}`);
  }

  #draw(line: string): void {
    if (this.#hasEnded) return;
    this.stream.write(`\r\u001b[2K${line.slice(0, this.stream.columns - 1)}`);
    this.#isDrawn = true;
  }

  #write(...lines: string[]): void {
    if (this.#hasEnded) return;
    if (this.#isDrawn) this.stream.write('\r\u001b[2K');
    this.#isDrawn = false;
    this.stream.write(`${lines.join('\n')}\n`);
  }

  #paint(style: Parameters<typeof styleText>[0], text: string): string {
    return styleText(style, text, { stream: this.stream });
  }
}

/** A number with thousands separators. */
export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Milliseconds as a person reads them. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 9.95 ? `${ms.toFixed(1)} ms` : `${count(ms)} ms`;
}
