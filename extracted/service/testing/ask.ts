/** A request, with the status that both sides have to answer. */
export type Example = [status: number, method: string, path: string, body?: unknown];

/** Status, body and the headers that say something; the moment of a write is the only thing not compared. */
export async function ask(base: string, [, method, path, body]: Example) {
  const answer = await fetch(`${base}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
  });
  const text = await answer.text();
  const headers = ['content-type', 'content-length', 'location'].map((name) => answer.headers.get(name));
  return { status: answer.status, headers, text: text.replace(/"20[2-9]\d-[-\dT:]+\.\d{6}Z"/g, '"now"') };
}
