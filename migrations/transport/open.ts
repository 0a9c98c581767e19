import { directTransport } from './direct.ts';
import { rabbitmqTransport } from './rabbitmq/rabbitmq.ts';
import type { TransportSettings } from './rabbitmq/schema.ts';
import type { Transport } from './transport.ts';

/** The transport that the configuration asks for. Nothing is connected before something is carried. */
export function openTransport(settings: TransportSettings): Transport {
  return settings === 'direct' ? directTransport : rabbitmqTransport(settings.rabbitmq);
}
