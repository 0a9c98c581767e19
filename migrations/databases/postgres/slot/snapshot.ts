/** PostgreSQL's text of a snapshot, `xmin:xmax:running,…`, in numbers. */
export interface Snapshot {
  xmax: bigint;
  running: ReadonlySet<bigint>;
}

export function parseSnapshot(text: string): Snapshot {
  const [, xmax, running] = text.split(':');
  return { xmax: BigInt(xmax ?? 0), running: new Set(running ? running.split(',').map(BigInt) : []) };
}

/** Whether a transaction that is known to be committed is visible in the snapshot. */
export const isVisible = (xid: bigint, { xmax, running }: Snapshot): boolean =>
  xid < xmax && !running.has(xid);

/**
 * The log has transaction ids without their epoch. None that can be read is 2³¹ or more away from now, or the server
 * could not tell them apart itself.
 */
export function fullXid(xid: number, { xmax }: Snapshot): bigint {
  return xmax + BigInt.asIntN(32, BigInt(xid) - xmax);
}
