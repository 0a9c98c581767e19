const SECRET_NAMES = [
  ...[
    'password',
    'passwd',
    'passphrase',
    'secret',
    'token',
    'authorization',
    'credential',
    'cookie',
    'session',
  ],
  ...['apikey', 'privatekey', 'signature', 'card', 'iban', 'cvc', 'cvv', 'ssn', 'email'],
];

const MASK = '***';
/** What is looked through of a text; nothing behind it is ever shown. */
const LONGEST = 64 * 1024;

const PATTERNS: readonly [RegExp, (found: string) => string][] = [
  [/\beyJ[\w-]{5,}(\.[\w-]*){1,4}/g, () => MASK],
  [/\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}/gi, (found) => `${found.split(/\s/, 1)[0]} ${MASK}`],
  [/\d(?:[ -]?\d){12,18}(?!\d)/g, (found) => (isCardNumber(found) ? MASK : found)],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g, (found) => (isIban(found) ? MASK : found)],
];

/** Knows what no example may show: values by the name of their field, and values that look like secrets. */
export class Secrets {
  readonly #names: readonly string[];
  readonly #assigned: RegExp;

  constructor(further: readonly string[]) {
    this.#names = [...SECRET_NAMES, ...further.map(plain)];
    const names = this.#names.map((name) => [...name].map(escaped).join('[-_ ]?')).join('|');
    // In text that is no JSON: `token=…`, `"password": "…"`, `card_number: …`.
    this.#assigned = new RegExp(
      `((?:${names})[\\w-]{0,40}["']?\\s{0,9}[:=]\\s{0,9}["']?)[^"'&\\s,;<>]+`,
      'gi',
    );
  }

  /** Whether the value of a field, header or parameter of this name is a secret. */
  hides(name: string): boolean {
    const asked = plain(name);
    return this.#names.some((each) => asked.includes(each));
  }

  /** A text without what looks like a secret in it. */
  text(text: string): string {
    let masked = text.slice(0, LONGEST).replace(this.#assigned, `$1${MASK}`);
    for (const [pattern, replace] of PATTERNS) masked = masked.replace(pattern, replace);
    return masked;
  }

  /** A path with its query, without the values of secret parameters. */
  target(target: string, template: string): string {
    const at = target.indexOf('?');
    const path = at < 0 ? target : target.slice(0, at);
    const names = template.split('/');
    const segments = path.split('/').map((segment, index) => {
      const name = names[index] ?? '';
      return this.hidesParameter(name) ? MASK : respelt(this.text(decoded(segment)));
    });
    const query =
      at < 0
        ? ''
        : `?${target
            .slice(at + 1)
            .split('&')
            .map((pair) => this.#pair(pair))
            .join('&')}`;
    return segments.join('/') + query;
  }

  private hidesParameter(segment: string): boolean {
    return segment.startsWith('{') && this.hides(segment);
  }

  #pair(pair: string): string {
    const [name = '', ...value] = pair.split('=');
    if (value.length === 0) return respelt(this.text(decoded(name)));
    return `${name}=${this.hides(decoded(name)) ? MASK : respelt(this.text(decoded(value.join('='))))}`;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function escaped(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** A secret must not hide behind percent signs. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replace(/\+/g, ' '));
  } catch {
    return part;
  }
}

function respelt(part: string): string {
  return part.replace(/[&=?#/\s]|%(?=[0-9a-f]{2})/gi, encodeURIComponent);
}

/** By the check digit of ISO/IEC 7812. */
function isCardNumber(text: string): boolean {
  const digits = [...text.replace(/\D/g, '')].reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** By the check digits of ISO 13616. */
function isIban(text: string): boolean {
  const plainText = text.replace(/ /g, '');
  const moved = plainText.slice(4) + plainText.slice(0, 4);
  let rest = 0;
  for (const character of moved) {
    for (const digit of String(parseInt(character, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}
