import { createServer, type RequestListener, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';

export interface Listen {
  host: string;
  port: number;
}

/** The control API cannot start like this; the message says what to do. */
export class ControlStartError extends Error {
  readonly code: 'unprotected' | 'address';

  constructor(code: ControlStartError['code'], message: string) {
    super(message);
    this.name = 'ControlStartError';
    this.code = code;
  }
}

/** Whether only this machine can reach `host`. Names other than `localhost` may resolve to anything. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** Refuses to let anyone who can reach the port move migrations. */
export function refuseUnprotected({ host, port }: Listen, isOpen: boolean): void {
  if (!isOpen || isLoopback(host)) return;
  throw new ControlStartError(
    'unprotected',
    `The control API would listen on ${host}:${port}, where others can reach it, without a token. ` +
      'Set STRANGLER_TOKEN or STRANGLER_TOKENS to secrets, or listen on 127.0.0.1.',
  );
}

/** Resolves once connections are accepted. */
export function listenOn({ host, port }: Listen, answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
    server.listen(port, host, () => resolve(server));
  });
}

/** The address with the port that was really taken. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): ControlStartError {
  const why =
    error.code === 'EADDRINUSE'
      ? 'the port is taken; is a control API running already? Choose another with `control.listen`'
      : `${error.code ?? error.message}; check \`control.listen\``;
  return new ControlStartError('address', `The control API cannot listen on ${host}:${port}: ${why}.`);
}
