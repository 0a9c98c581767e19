/** The value of one cookie in a Cookie header; null when it is not there. Every canary read looks for two. */
export function readCookie(header: string | undefined, name: string): string | null {
  if (header === undefined) return null;
  for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at + 1)) {
    const equals = at + name.length;
    if (header[equals] !== '=' || !(at === 0 || header[at - 1] === ' ' || header[at - 1] === ';')) continue;
    const end = header.indexOf(';', equals);
    return header.slice(equals + 1, end === -1 ? header.length : end).trim();
  }
  return null;
}

/** A Set-Cookie for the whole site that no script can read. */
export function setCookie(name: string, value: string, maxAgeSeconds: number, secure: boolean): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
