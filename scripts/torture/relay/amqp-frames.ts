import { splitter } from './splitter.ts';
import type { Splitters } from './splitter.ts';

/** `AMQP`, a zero, and the version. */
const GREETING = 8;
const HEADER = 7;
const METHOD = 1;
/** Class basic (60) and the methods that the torture looks for. */
const STATEMENTS: Readonly<Record<string, string>> = {
  '60.40': 'basic.publish',
  '60.60': 'basic.deliver',
  '60.80': 'basic.ack',
};

/**
 * AMQP 0-9-1, both ways (specification, section 2.3.5): a `basic.ack` of the server confirms what was published, one of
 * the client what was delivered.
 */
export const amqpSplitters: Splitters = () => {
  let hasGreeted = false;
  return {
    client: splitter((buffer) => {
      if (hasGreeted) return frameOf(buffer);
      if (buffer.length < GREETING) return null;
      hasGreeted = true;
      return { length: GREETING, statement: null };
    }),
    server: splitter(frameOf),
  };
};

function frameOf(buffer: Buffer): { length: number; statement: string | null } | null {
  if (buffer.length < HEADER) return null;
  const length = HEADER + buffer.readUInt32BE(3) + 1;
  if (buffer.length < length) return null;
  if (buffer[0] !== METHOD) return { length, statement: null };
  const name = `${buffer.readUInt16BE(HEADER)}.${buffer.readUInt16BE(HEADER + 2)}`;
  return { length, statement: STATEMENTS[name] ?? null };
}
