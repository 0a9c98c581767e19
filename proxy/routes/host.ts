/** Longer than any name in DNS: nothing below it is looked at, however many dots a client sends. */
const LONGEST_NAME = 253;

/**
 * The name in a Host header as routes write it: in lower case, without the port and the dot that may end it. Null
 * for what cannot be the name in any route.
 */
export function hostName(header: string | undefined): string | null {
  if (header === undefined) return null;
  const colon = header.lastIndexOf(':');
  const name = colon === -1 ? header : header.slice(0, colon);
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  return bare.length > LONGEST_NAME ? null : bare.toLowerCase();
}

/** Everything that a wildcard host may stand for of a name, longest first: `.shop.example.com`, `.example.com`, `.com`. */
export function* suffixesOf(name: string): Generator<string> {
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) yield name.slice(dot);
}
