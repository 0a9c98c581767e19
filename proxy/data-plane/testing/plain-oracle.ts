/** What a head says, read in the slowest and plainest way there is. */
export interface OracleHead {
  method: string;
  target: string;
  headers: [name: string, value: string][];
}

/**
 * Reads a head by taking it apart at each CRLF and looking at every character; null when anything about it is odd.
 * The grammar of the fast lane must never take more than this does, nor anything else for it.
 */
export function readSlowly(text: string): OracleHead | null {
  const lines = text.split('\r\n');
  if (lines.length < 4 || lines.pop() !== '' || lines.pop() !== '') return null;
  const [first = '', ...rest] = lines;
  const [method = '', target = '', version, ...more] = first.split(' ');
  if (version !== 'HTTP/1.1' || more.length > 0 || !target.startsWith('/')) return null;
  if (![...target].every((each) => each > ' ' && each <= '~')) return null;
  const headers: [string, string][] = [];
  for (const line of rest) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1);
    if (name === '' || ![...name].every(isTokenCharacter) || ![...value].every(isValueCharacter)) return null;
    headers.push([name.toLowerCase(), value.replace(/^[\t ]+|[\t ]+$/g, '')]);
  }
  return { method, target, headers };
}

function isTokenCharacter(each: string): boolean {
  return each > ' ' && each <= '~' && !'"(),/:;<=>?@[\\]{}'.includes(each);
}

function isValueCharacter(each: string): boolean {
  return each === '\t' || (each >= ' ' && each <= '~');
}
