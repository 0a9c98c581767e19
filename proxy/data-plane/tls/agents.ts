import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { UpstreamTls } from './upstream.ts';

/** Connections to all addresses for one purpose; those of an https address are its own. */
export class Agents {
  readonly #tls: UpstreamTls;
  readonly #options: AgentOptions;
  readonly #plain: HttpAgent;
  readonly #secure = new Map<string, { agent: HttpsAgent; madeWith: ConnectionOptions }>();

  constructor(tls: UpstreamTls, options: AgentOptions) {
    this.#tls = tls;
    this.#options = options;
    this.#plain = new HttpAgent(options);
  }

  /** The agent for requests to this address; another one once its certificates have changed. */
  agentFor(address: URL): HttpAgent | HttpsAgent {
    if (address.protocol !== 'https:') return this.#plain;
    const madeWith = this.#tls.optionsFor(address);
    const known = this.#secure.get(address.host);
    if (known?.madeWith === madeWith) return known.agent;
    if (known) retire(known.agent);
    const agent = new HttpsAgent({ ...this.#options, ...madeWith });
    this.#secure.set(address.host, { agent, madeWith });
    return agent;
  }

  close(): void {
    this.#plain.destroy();
    for (const { agent } of this.#secure.values()) agent.destroy();
  }
}

/** Lets running requests end, and keeps no connection beyond them. */
function retire(agent: HttpsAgent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}
