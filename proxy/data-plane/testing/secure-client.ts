import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request, type AgentOptions, type Agent } from 'node:https';
import type { PeerCertificate, TLSSocket } from 'node:tls';

/** An answer over TLS, with what the connection told. */
export interface SecureReply {
  status: number;
  text: string;
  /** Name that the other end's certificate is for. */
  certifiedFor: string;
}

/** Asks over TLS, on a connection of its own unless an agent says otherwise. */
export async function askSecurely(
  url: string,
  options: AgentOptions & { agent?: Agent; method?: string; headers?: Record<string, string> } = {},
): Promise<SecureReply> {
  const req = request(url, { agent: false, ...options });
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  req.end();
  const [res] = await answered;
  // At its end the answer may have no connection any more.
  const { subject } = (res.socket as TLSSocket).getPeerCertificate() as Partial<PeerCertificate>;
  let text = '';
  for await (const chunk of res) text += String(chunk);
  return { status: res.statusCode ?? 0, text, certifiedFor: String(subject?.CN ?? '') };
}
