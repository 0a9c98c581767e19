/** What is small goes out as one text in one write: to copy it costs less than a second buffer. */
const SMALL = 16 * 1024;

interface Writer {
  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean;
  cork(): void;
  uncork(): void;
}

/** Writes text, the first `used` of some bytes, and text as one. False when the other end is behind. */
export function write(to: Writer, prefix: string, bytes: Buffer, used: number, suffix: string): boolean {
  if (used <= SMALL) {
    const all = used === 0 ? prefix + suffix : prefix + bytes.toString('latin1', 0, used) + suffix;
    return all === '' || to.write(all, 'latin1');
  }
  to.cork();
  if (prefix !== '') to.write(prefix, 'latin1');
  let flows = to.write(used === bytes.length ? bytes : bytes.subarray(0, used));
  if (suffix !== '') flows = to.write(suffix, 'latin1');
  to.uncork();
  return flows;
}
