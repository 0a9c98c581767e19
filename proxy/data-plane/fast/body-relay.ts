import { mayBeTrailer } from '../lane/hop-by-hop.ts';
import type { Framing } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import { withoutLinesThat } from './header-lines.ts';

/** What becomes of a piece of an answer's body: `prefix`, the first `used` bytes of it, `suffix`. */
export interface Piece {
  prefix: string;
  used: number;
  suffix: string;
  /** The body has come to its end. */
  isDone: boolean;
  /** Bytes behind its end: nobody asked for them. */
  surplus: number;
  /** It could be read in two ways: nothing of this piece may be passed on. */
  isBroken: boolean;
}

/** Knows where the body of an answer ends, and how it goes on to the client. */
export class BodyRelay {
  readonly #framing: Framing;
  readonly #chunks: ChunkedBody | null;
  #left: number;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#left = framing.kind === 'length' ? framing.bytes : 0;
    this.#chunks = framing.kind === 'chunks' ? new ChunkedBody() : null;
  }

  /** The end of the connection is the end of the answer. */
  get endsWithConnection(): boolean {
    return this.#framing.kind === 'end';
  }

  /** Takes the bytes between two places. */
  take(buffer: Buffer, from: number, to: number): Piece {
    if (this.#chunks) return takeChunks(this.#chunks, buffer.subarray(from, to));
    const came = to - from;
    if (this.endsWithConnection) return framed(came);
    const used = Math.min(this.#left, came);
    this.#left -= used;
    const surplus = came - used;
    return { prefix: '', used, suffix: '', isDone: this.#left === 0, surplus, isBroken: false };
  }
}

/** What tells the client the end of a body that ended with its connection. */
export const LAST_CHUNK = '0\r\n\r\n';

/** An answer without length goes on in chunks, or a client could not tell its end from a broken connection. */
function framed(used: number): Piece {
  const isEmpty = used === 0;
  return {
    prefix: isEmpty ? '' : `${used.toString(16)}\r\n`,
    used,
    suffix: isEmpty ? '' : '\r\n',
    isDone: false,
    surplus: 0,
    isBroken: false,
  };
}

function takeChunks(chunks: ChunkedBody, bytes: Uint8Array): Piece {
  const used = chunks.follow(bytes);
  const rest = chunks.isBehindChunks && !chunks.isBroken ? bytes.subarray(used) : null;
  const behind = rest && rest.length > 0 ? chunks.followTrailers(rest) : 0;
  const { trailers, isBroken } = chunks;
  const isDone = trailers !== null && !isBroken;
  const suffix = isDone ? `${withoutLinesThat(trailers, (name) => !mayBeTrailer(name))}\r\n` : '';
  return { prefix: '', used, suffix, isDone, surplus: bytes.length - used - behind, isBroken };
}
