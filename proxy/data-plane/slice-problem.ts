import type { SliceKey } from '../routes/slice-key.ts';
import { sliceKeyInWords } from '../routes/slice-key.ts';
import type { Problem } from './exchange.ts';

/** What a client is told whose write does not say to which slice it belongs. */
export function problemOfKey(key: SliceKey): Problem {
  return {
    status: 400,
    title: 'The request does not say whose it is',
    detail: `Nothing was sent to any side: which one takes this write depends on ${sliceKeyInWords(key)}, which is missing. Send it with the request.`,
  };
}
