/**
 * The header lines of a head that has passed its grammar: each is `name: value`, ends in CRLF, and stands behind one.
 * They stay the text that they came as. Most requests are asked for two or three of them, so none is made an object.
 */
export class HeaderLines {
  /** Begins with the CRLF of the line before, ends with that of the last one. */
  readonly text: string;
  readonly #lower: string;

  /** @param lower the same in lower case */
  constructor(text: string, lower: string) {
    this.text = text;
    this.#lower = lower;
  }

  /** The value of the first header with this lower-case name. */
  get(name: string): string | undefined {
    const at = this.#lower.indexOf(`\r\n${name}:`);
    if (at === -1) return undefined;
    const begin = at + name.length + 3;
    return trimmed(this.text, begin, this.text.indexOf('\r\n', begin));
  }

  /** All headers as they stand there, each a pair of name and value. */
  pairs(): [name: string, value: string][] {
    return pairsIn(this.text.slice(2));
  }
}

/** The headers in a section of lines, each a pair of name and value. */
export function pairsIn(lines: string): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < lines.length;) {
    const colon = lines.indexOf(':', at);
    const end = lines.indexOf('\r\n', colon);
    found.push([lines.slice(at, colon), trimmed(lines, colon + 1, end)]);
    at = end + 2;
  }
  return found;
}

const BLANK = 32;
const TAB = 9;

/** What stands between two places, without blanks and tabs around it. */
export function trimmed(text: string, begin: number, end: number): string {
  let [from, to] = [begin, end];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** Lines of a header section without those whose lower-case name is `unwanted`. */
export function withoutLinesThat(lines: string, unwanted: (name: string) => boolean): string {
  let kept = '';
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\r\n', at) + 2;
    if (!unwanted(lines.slice(at, lines.indexOf(':', at)).toLowerCase())) kept += lines.slice(at, end);
    at = end;
  }
  return kept;
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}
