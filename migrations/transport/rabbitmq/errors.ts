/** Everything that can go wrong with a broker in a way that a person can act on, or wait for. */
export class BrokerError extends Error {
  override name = 'BrokerError';
  constructor(where: string, message: string, cause?: unknown) {
    super(`broker ${where}: ${message}`, { cause });
  }
}

/** It is away, or refuses to let us in. */
export class BrokerUnreachableError extends BrokerError {
  override name = 'BrokerUnreachableError';
}

/** A queue or exchange is not what was asked for, or the user may not touch it. */
export class TopologyError extends BrokerError {
  override name = 'TopologyError';
}

/** Messages that were published did not come, or came from somebody else: all of it is published again. */
export class DeliveryError extends BrokerError {
  override name = 'DeliveryError';
}

/** Host, port and virtual host of a broker's URL: never user or password. */
export function whereIs(url: string): string {
  if (!URL.canParse(url)) return 'at an address that is not a URL';
  const { protocol, hostname, port, pathname } = new URL(url);
  const vhost = decodeURIComponent(pathname.slice(1)) || '/';
  return `${hostname}:${port || (protocol === 'amqps:' ? '5671' : '5672')} (virtual host ${vhost})`;
}

export const wordsOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : String(error);
};
