/** Longer than any name in DNS: nothing below it is looked for, however many dots a client sends. */
const LONGEST_NAME = 253;

/**
 * The name in a Host header as routes write it: in lower case, without the port and the dot that may end it. Empty
 * for what no route can name.
 */
export function hostName(header = ''): string {
  const colon = header.lastIndexOf(':');
  const name = colon === -1 ? header : header.slice(0, colon);
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  return bare.length > LONGEST_NAME ? '' : bare.toLowerCase();
}
