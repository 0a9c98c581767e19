/** What is small goes out as one text in one write: to copy it costs less than a second buffer. */
const SMALL = 16 * 1024;

interface Writer {
  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean;
  cork(): void;
  uncork(): void;
}

/** Writes text, bytes and text as one. False when the other end is behind. */
export function write(to: Writer, prefix: string, bytes: Uint8Array, suffix: string): boolean {
  if (bytes.length <= SMALL) {
    const text = bytes.length === 0 ? '' : latin1(bytes);
    const all = prefix + text + suffix;
    return all === '' || to.write(all, 'latin1');
  }
  to.cork();
  if (prefix !== '') to.write(prefix, 'latin1');
  let flows = to.write(bytes);
  if (suffix !== '') flows = to.write(suffix, 'latin1');
  to.uncork();
  return flows;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
