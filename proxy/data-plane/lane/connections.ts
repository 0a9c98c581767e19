import type { Agent, AgentOptions } from 'node:http';
import { Agents } from '../tls/agents.ts';
import type { UpstreamTls } from '../tls/upstream.ts';

const KEPT: AgentOptions = {
  keepAlive: true,
  // Below what common servers allow an idle connection, so that a write seldom meets one that is just closing.
  // Node takes the upstream's own Keep-Alive hint into account only while a limit of ours is set.
  timeout: 4000,
  maxFreeSockets: 256,
  scheduling: 'lifo',
};

/** Whom to connect to, as node's clients want it: an IPv6 address stands in a URL in brackets, and here without. */
export function peerOf({ protocol, hostname, port }: URL): {
  protocol: string;
  hostname: string;
  port: string;
} {
  return { protocol, hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port };
}

/** The connections to upstreams on which requests of clients go. */
export class Connections {
  readonly #kept: Agents;
  readonly #single: Agents;

  constructor(tls: UpstreamTls) {
    this.#kept = new Agents(tls, KEPT);
    this.#single = new Agents(tls, { keepAlive: false });
  }

  /** `isNew` asks for a connection that nothing has gone over, and that is for one request only. */
  agentFor(address: URL, isNew: boolean): Agent {
    return (isNew ? this.#single : this.#kept).agentFor(address);
  }

  close(): void {
    this.#kept.close();
    this.#single.close();
  }
}
