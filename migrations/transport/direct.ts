import { relayForever } from '../relay/relay.ts';
import type { Transport } from './transport.ts';

/** From database to database, with nothing between: read and apply in one round. */
export const directTransport: Transport = {
  carry: relayForever,
  close: async () => undefined,
};
