/**
 * The header lines of a head that has passed its grammar: each is `name: value`, ends in CRLF, and stands behind one.
 * They stay the text that they came as. Most requests are asked for two or three of them, so none is made an object.
 */
export class HeaderLines {
  /** Begins with the CRLF of the line before, ends with that of the last one. */
  readonly text: string;
  readonly #lower: string;
  /** What was asked for already: the lines that a client repeats are read once. */
  #known: Map<string, string | undefined> | null = null;

  /** @param lower the same in lower case */
  constructor(text: string, lower: string) {
    this.text = text;
    this.#lower = lower;
  }

  /** The value of the first header with this lower-case name. */
  get(name: string): string | undefined {
    const known = (this.#known ??= new Map<string, string | undefined>());
    const value = known.get(name);
    if (value !== undefined || known.has(name)) return value;
    const found = this.#find(name);
    known.set(name, found);
    return found;
  }

  /** The values of all headers with this lower-case name, in one text; undefined where there is none. */
  joined(name: string): string | undefined {
    const start = lineStart(name);
    let all: string | undefined;
    for (let at = this.#lower.indexOf(start); at !== -1; at = this.#lower.indexOf(start, at + 1)) {
      const value = this.#valueAt(at, name);
      all = all === undefined ? value : `${all}, ${value}`;
    }
    return all;
  }

  #find(name: string): string | undefined {
    const at = this.#lower.indexOf(lineStart(name));
    return at === -1 ? undefined : this.#valueAt(at, name);
  }

  #valueAt(at: number, name: string): string {
    const begin = at + name.length + 3;
    return trimmed(this.text, begin, this.text.indexOf('\r\n', begin));
  }

  /** All headers as they stand there, each a pair of name and value. */
  pairs(): [name: string, value: string][] {
    return pairsIn(this.text.slice(2));
  }
}

/** Names that are asked for are those of the code and the configuration: there are few. */
const lineStarts = new Map<string, string>();

function lineStart(name: string): string {
  let start = lineStarts.get(name);
  if (start === undefined) lineStarts.set(name, (start = `\r\n${name}:`));
  return start;
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

/**
 * Looks for a name that stands in two lines. Most are told apart by a few bits of them, so that hardly any is searched
 * for.
 */
export class DoubledNames {
  readonly #lower: string;
  #seen = 0;

  /** @param lower lines in lower case, as in `HeaderLines` */
  constructor(lower: string) {
    this.#lower = lower;
  }

  /** True when the name between these places stands in an earlier line as well. Asked of each line in order. */
  add(at: number, colon: number): boolean {
    const lower = this.#lower;
    const few = (colon - at) * 7 + lower.charCodeAt(at) * 3 + lower.charCodeAt(colon - 1);
    const bit = 1 << (few & 31);
    const maySeen = (this.#seen & bit) !== 0;
    this.#seen |= bit;
    return maySeen && lower.indexOf(lower.slice(at - 2, colon + 1)) < at - 2;
  }
}

/** What stands between two places, without blanks and tabs around it. */
export function trimmed(text: string, begin: number, end: number): string {
  let [from, to] = [begin, end];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** The first place from `at` on that is no blank and no tab. */
export function skipBlanks(text: string, at: number): number {
  let to = at;
  while (isBlank(text.charCodeAt(to))) to += 1;
  return to;
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
