/** Text that is HTML already; everything else is escaped where it is put in. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

type Piece = Html | string | number | null | undefined | readonly Piece[];

/** A template of HTML. What is put in is escaped, unless it is HTML itself; a list is put in one by one, null not at all. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.map((text, at) => text + (at < pieces.length ? inText(pieces[at]) : '')).join(''));
}

function inText(piece: Piece): string {
  if (piece instanceof Html) return piece.text;
  if (isList(piece)) return piece.map(inText).join('');
  return String(piece ?? '').replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

const isList = (piece: Piece): piece is readonly Piece[] => Array.isArray(piece);
