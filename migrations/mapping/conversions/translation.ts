import type { Kind } from '../../databases/kind.ts';
import type { Conversion, Half } from '../convert.ts';
import { same } from '../convert.ts';
import { uuidAndBytes, uuidAndText } from './binary.ts';

/**
 * Between a column of the service and the text that the table of keys has for it; the monolith's whole numbers stand
 * there as they are. On the way to the service the conversion comes after the look-up, on the way back before it.
 *
 * @returns what to do when keys of these types are not translated
 */
export function translationBetween(monolith: Kind, service: Kind): Conversion | string {
  if (monolith.kind !== 'integer') return 'keys are translated from whole numbers of the monolith only';
  const back = (half: Half): Half => ({ ...half, gives: monolith });
  switch (service.kind) {
    case 'uuid':
      return { toService: same(service), toMonolith: back(same(service)) };
    case 'text':
      return { toService: uuidAndText(service).toService, toMonolith: back(same(service)) };
    case 'bytes': {
      const bytes = uuidAndBytes(service);
      return { toService: bytes.toService, toMonolith: back(bytes.toMonolith) };
    }
    default:
      return 'keys are translated to UUIDs of the service only: make its column uuid, char(36) or binary(16)';
  }
}
