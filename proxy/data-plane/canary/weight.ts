/**
 * True when this client belongs to the service's arm. Its place between 0 and 100 never changes, so raising the
 * weight only adds clients, and each migration has an order of its own.
 */
export function isWithinWeight(id: string, migration: string, weight: number): boolean {
  return placeOf(migration, id) < weight;
}

/** FNV-1a with the finisher of MurmurHash3, scaled to 0 ≤ place < 100. */
function placeOf(migration: string, id: string): number {
  let hash = continued(0x811c9dc5, migration);
  hash = continued(hash, ':');
  hash = continued(hash, id);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000) * 100;
}

function continued(from: number, text: string): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
