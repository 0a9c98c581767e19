/** Something that passed the wire, as far as the torture has to know it. */
export interface Passing {
  bytes: Buffer;
  /** The statement that begins with these bytes (from the client), or that they end (from the server); else null. */
  statement: string | null;
}

/** Splits one direction of a connection into messages; bytes that are not whole yet wait. */
export type Splitter = (chunk: Buffer) => Passing[];

/** Those of one connection. */
export type Splitters = () => { client: Splitter; server: Splitter };

/** @param next the message that begins the buffer; null when it is not whole yet */
export function splitter(
  next: (buffer: Buffer) => { length: number; statement: string | null } | null,
): Splitter {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const passings: Passing[] = [];
    for (;;) {
      const found = next(rest);
      if (!found) return passings;
      passings.push({ bytes: rest.subarray(0, found.length), statement: found.statement });
      rest = rest.subarray(found.length);
    }
  };
}
