import type { Socket } from 'node:net';

type Written = (error?: Error | null) => void;

/** The two ways in which a stream hands bytes to its connection. */
type Writer = Required<Pick<Socket, '_write' | '_writev'>>;

/**
 * Lets an upstream be heard that answers an upload early and hangs up at once. The next write then fails while the
 * answer still lies in the kernel's buffer, and node would throw that away together with the connection. So a write
 * that fails is taken for done, and what comes after it goes nowhere: the end of what can be read ends the
 * connection, and is an error if no answer came before it. Returns the way to stop, for a connection that is kept.
 */
export function hearLastWords(socket: Socket): () => void {
  const writer = socket as Socket & Writer;
  const write = writer._write.bind(socket);
  const writev = writer._writev.bind(socket);
  let isGone = false;
  const forgiving = (written: Written): Written => {
    return (error) => {
      isGone ||= (error as NodeJS.ErrnoException | null)?.syscall === 'write';
      written(isGone ? null : error);
    };
  };
  writer._write = (chunk, encoding, written) => {
    if (isGone) process.nextTick(written);
    else write(chunk, encoding, forgiving(written));
  };
  writer._writev = (chunks, written) => {
    if (isGone) process.nextTick(written);
    else writev(chunks, forgiving(written));
  };
  return () => {
    // What stands behind these is its own again.
    Reflect.deleteProperty(writer, '_write');
    Reflect.deleteProperty(writer, '_writev');
  };
}
