import { splitter } from './splitter.ts';
import type { Splitters } from './splitter.ts';

const HEADER = 4;
const QUERY = 0x03;
const [OK, ERROR, END] = [0x00, 0xff, 0xfe];
/** A packet that begins with END and is longer than this is a row. */
const LONGEST_END = 9;
/** What is longer goes on in the next packet. */
const LONGEST = 0xffffff;
const MORE_RESULTS = 0x0008;

type Expected = 'greeting' | 'answer' | 'columns' | 'rows';

/**
 * The protocol of MySQL and MariaDB, both ways, unencrypted and without CLIENT_DEPRECATE_EOF, which our driver does not
 * ask for (MySQL internals, "Client/Server Protocol"). A statement is a COM_QUERY and ends with the last packet of its last
 * result.
 */
export const mysqlSplitters: Splitters = () => {
  let open: string | null = null;
  let expected: Expected = 'greeting';
  let [isSentOn, isAnsweredOn] = [false, false];
  return {
    client: splitter((buffer) => {
      const packet = packetOf(buffer);
      if (!packet) return null;
      const { length, sequence, payload } = packet;
      const goesOn = isSentOn;
      isSentOn = payload.length === LONGEST;
      // What answers the server's greeting does not begin anew to count, as a command does.
      if (goesOn || sequence !== 0) return { length, statement: null };
      expected = 'answer';
      open = payload[0] === QUERY ? statementIn(payload) : null;
      return { length, statement: open };
    }),
    server: splitter((buffer) => {
      const packet = packetOf(buffer);
      if (!packet) return null;
      const { length, payload } = packet;
      const goesOn = isAnsweredOn;
      isAnsweredOn = payload.length === LONGEST;
      if (goesOn || expected === 'greeting') return { length, statement: null };
      const next = nextExpected(expected, payload);
      if (next !== null) expected = next;
      const statement = next === null ? open : null;
      if (next === null) open = null;
      return { length, statement };
    }),
  };
};

/** MySQL since 8.0.23, and no MariaDB, is told of attributes before the statement: none, in one set. */
function statementIn(payload: Buffer): string {
  return payload.toString('utf8', payload[1] === 0 && payload[2] === 1 ? 3 : 1);
}

/** What comes behind this packet; null when it was the last of the answer. */
function nextExpected(expected: Expected, payload: Buffer): Expected | null {
  const [first] = payload;
  if (first === ERROR) return null;
  const isEnd = first === END && payload.length < LONGEST_END;
  if (expected === 'answer') {
    if (first === OK) return hasMore(okStatus(payload)) ? 'answer' : null;
    return isEnd ? null : 'columns';
  }
  if (!isEnd) return expected;
  if (expected === 'columns') return 'rows';
  return hasMore(payload.length >= 5 ? payload.readUInt16LE(3) : 0) ? 'answer' : null;
}

const hasMore = (status: number): boolean => (status & MORE_RESULTS) !== 0;

/** Behind two numbers of one to nine bytes: the rows that were affected, and the last key that was given. */
function okStatus(payload: Buffer): number {
  let at = 1;
  for (let i = 0; i < 2; i += 1) at += { 0xfc: 3, 0xfd: 4, 0xfe: 9 }[payload[at] ?? 0] ?? 1;
  return payload.length >= at + 2 ? payload.readUInt16LE(at) : 0;
}

function packetOf(buffer: Buffer): { length: number; sequence: number; payload: Buffer } | null {
  if (buffer.length < HEADER) return null;
  const length = HEADER + buffer.readUIntLE(0, 3);
  if (buffer.length < length) return null;
  return { length, sequence: buffer[3] ?? 0, payload: buffer.subarray(HEADER, length) };
}
