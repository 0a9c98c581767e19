import { splitter } from './splitter.ts';
import type { Splitters } from './splitter.ts';

const START = 8;
const HEADER = 5;
const PROTOCOL = 3;
const [QUERY, PARSE, READY, COPY_DONE] = [0x51, 0x50, 0x5a, 0x63];

/**
 * The PostgreSQL protocol, both ways, unencrypted (documentation, chapter "Frontend/Backend Protocol"). A statement begins
 * with Query or Parse and ends with ReadyForQuery; one that copies out with the end of what it copies, for whoever reads
 * that does not wait for more.
 */
export const postgresSplitters: Splitters = () => {
  const open: string[] = [];
  let hasStarted = false;
  return {
    client: splitter((buffer) => {
      if (!hasStarted) {
        if (buffer.length < START) return null;
        const length = buffer.readInt32BE(0);
        if (buffer.length < length) return null;
        hasStarted = buffer.readInt32BE(4) >>> 16 === PROTOCOL;
        // Who asks to cancel says no more; the first ReadyForQuery ends the start, not a statement.
        if (hasStarted) open.push('');
        return { length, statement: null };
      }
      const length = lengthOf(buffer);
      if (length === null) return null;
      const statement = statementOf(buffer.subarray(0, length));
      // Bind, Execute and Sync belong to the Parse before them; a Query stands alone.
      if (statement !== null) open.push(statement);
      return { length, statement };
    }),
    server: splitter((buffer) => {
      if (!hasStarted) return buffer.length > 0 ? { length: buffer.length, statement: null } : null;
      const length = lengthOf(buffer);
      if (length === null) return null;
      const isCopied = buffer[0] === COPY_DONE;
      if (!isCopied && buffer[0] !== READY) return { length, statement: null };
      const statement = open.shift() ?? '';
      // Its ReadyForQuery is still to come, and ends nothing more.
      if (isCopied) open.unshift('');
      return { length, statement: statement === '' ? null : statement };
    }),
  };
};

function lengthOf(buffer: Buffer): number | null {
  if (buffer.length < HEADER) return null;
  const length = 1 + buffer.readInt32BE(1);
  return buffer.length < length ? null : length;
}

function statementOf(message: Buffer): string | null {
  if (message[0] === QUERY) return textFrom(message, HEADER);
  if (message[0] !== PARSE) return null;
  const endOfName = message.indexOf(0, HEADER);
  return textFrom(message, endOfName + 1);
}

function textFrom(message: Buffer, start: number): string {
  const end = message.indexOf(0, start);
  return message.toString('utf8', start, end < 0 ? message.length : end);
}
