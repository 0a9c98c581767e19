/**
 * The messages of PostgreSQL's output plugin `pgoutput`, protocol version 1. Own code because values must stay the texts
 * that the server wrote: the parser of `pg-logical-replication` makes numbers and dates of them and rounds. The format:
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export type Message =
  /** `at` is that of the commit, in microseconds since 1970; `xid` without its epoch. */
  | { kind: 'begin'; at: bigint; xid: number }
  /** `end` is where the commit record ends. */
  | { kind: 'commit'; end: bigint }
  | { kind: 'relation'; relation: Relation }
  | { kind: 'insert'; oid: number; row: Tuple }
  /** `old` is there when the key changed, and always with `REPLICA IDENTITY FULL`. */
  | { kind: 'update'; oid: number; old: Tuple | null; row: Tuple }
  | { kind: 'delete'; oid: number; old: Tuple }
  | { kind: 'truncate'; oids: number[] }
  /** Nothing that we need: origins, types, messages of others. */
  | { kind: 'other' };

/** A table as it was when the row was written. With `publish_via_partition_root`, a partitioned table as a whole. */
export interface Relation {
  oid: number;
  schema: string;
  name: string;
  columns: readonly RelationColumn[];
}

export interface RelationColumn {
  name: string;
  typeOid: number;
  /** Part of the replica identity: old rows have its value; of other columns they only have a null. */
  isIdentity: boolean;
}

/** Values in the order of the relation's columns; `UNCHANGED` stands for a long value that the log does not repeat. */
export type Tuple = readonly (string | null | typeof UNCHANGED)[];
export const UNCHANGED = Symbol('unchanged');

class UnknownMessageError extends Error {
  constructor(what: string, byte: number) {
    super(`pgoutput: unknown ${what} "${String.fromCharCode(byte)}" (${byte})`);
    this.name = 'UnknownMessageError';
  }
}

/** Microseconds between 1970 and 2000, where PostgreSQL begins to count. */
const EPOCH_2000 = 946_684_800_000_000n;

/** @throws UnknownMessageError */
export function parseMessage(data: Buffer): Message {
  const reader = new Reader(data);
  const letter = reader.byte();
  switch (String.fromCharCode(letter)) {
    case 'B':
      reader.skip(8);
      return { kind: 'begin', at: reader.int64() + EPOCH_2000, xid: reader.int32() };
    case 'C':
      reader.skip(1 + 8);
      return { kind: 'commit', end: reader.int64() };
    case 'R':
      return { kind: 'relation', relation: readRelation(reader) };
    case 'I': {
      const oid = reader.int32();
      reader.skip(1);
      return { kind: 'insert', oid, row: reader.tuple() };
    }
    case 'U': {
      const oid = reader.int32();
      const old = String.fromCharCode(reader.byte()) === 'N' ? null : reader.tuple();
      if (old) reader.skip(1);
      return { kind: 'update', oid, old, row: reader.tuple() };
    }
    case 'D': {
      const oid = reader.int32();
      reader.skip(1);
      return { kind: 'delete', oid, old: reader.tuple() };
    }
    case 'T': {
      const count = reader.int32();
      reader.skip(1);
      return { kind: 'truncate', oids: Array.from({ length: count }, () => reader.int32()) };
    }
    case 'O':
    case 'Y':
    case 'M':
      return { kind: 'other' };
    default:
      throw new UnknownMessageError('message', letter);
  }
}

function readRelation(reader: Reader): Relation {
  const oid = reader.int32();
  const [schema, name] = [reader.text(), reader.text()];
  reader.skip(1);
  const columns = Array.from({ length: reader.int16() }, () => {
    const isIdentity = (reader.byte() & 1) === 1;
    const column = { name: reader.text(), typeOid: reader.int32(), isIdentity };
    reader.skip(4);
    return column;
  });
  return { oid, schema, name, columns };
}

class Reader {
  private readonly data: Buffer;
  private at = 0;

  constructor(data: Buffer) {
    this.data = data;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  byte(): number {
    return this.data.readUInt8(this.at++);
  }

  int16(): number {
    this.at += 2;
    return this.data.readUInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.data.readUInt32BE(this.at - 4);
  }

  int64(): bigint {
    this.at += 8;
    return this.data.readBigInt64BE(this.at - 8);
  }

  text(): string {
    const end = this.data.indexOf(0, this.at);
    const text = this.data.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }

  tuple(): Tuple {
    return Array.from({ length: this.int16() }, () => {
      const kind = this.byte();
      switch (String.fromCharCode(kind)) {
        case 'n':
          return null;
        case 'u':
          return UNCHANGED;
        case 't': {
          const length = this.int32();
          this.at += length;
          return this.data.toString('utf8', this.at - length, this.at);
        }
        default:
          throw new UnknownMessageError('kind of value', kind);
      }
    });
  }
}
