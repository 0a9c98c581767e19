import type { Kind } from '../../databases/kind.ts';
import type { Conversion } from '../convert.ts';
import { ConversionError, same } from '../convert.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_BYTES = 16;

/** `binary(16)` holds a UUID's bytes in the order of its digits. */
export function uuidAndBytes(bytes: Kind): Conversion {
  const isMade = bytes.kind === 'bytes' && bytes.bytes === UUID_BYTES;
  return {
    toService: {
      convert: (value) => `\\x${value.replaceAll('-', '')}`,
      gives: { kind: 'bytes', bytes: UUID_BYTES, fixed: true },
      partial: null,
    },
    toMonolith: {
      convert(value) {
        const parts = /^\\x(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(value);
        if (!parts) throw new ConversionError(value, 'is not a UUID: it has not 16 bytes');
        return parts.slice(1).join('-');
      },
      gives: { kind: 'uuid' },
      partial: isMade ? null : 'other than 16 bytes',
    },
  };
}

/** A text of 36 characters is how databases without a type for it keep a UUID. */
export function uuidAndText(text: Kind): Conversion {
  const isMade = text.kind === 'text' && text.length === 36;
  return {
    toService: same({ kind: 'uuid' }),
    toMonolith: {
      convert(value) {
        if (UUID.test(value)) return value;
        throw new ConversionError(value, 'is not a UUID in lower case with dashes');
      },
      gives: { kind: 'uuid' },
      partial: isMade ? null : 'texts that are no UUID',
    },
  };
}

/** Eight bits a byte, the highest first. */
export function bitsAndBytes(bits: Kind, bytes: Kind): Conversion {
  const length = bits.kind === 'bits' ? bits.length : null;
  const isWhole = bits.kind === 'bits' && bits.fixed && length !== null && length % 8 === 0;
  return {
    toService: {
      convert(value) {
        if (value.length % 8 !== 0) throw new ConversionError(value, 'is no whole number of bytes');
        return `\\x${value.replace(/.{4}/g, (four) => Number.parseInt(four, 2).toString(16))}`;
      },
      gives: { kind: 'bytes', bytes: length === null ? null : Math.ceil(length / 8), fixed: isWhole },
      partial: isWhole ? null : 'bits that fill no whole byte',
    },
    toMonolith: {
      convert: (value) =>
        value.slice(2).replace(/./g, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')),
      gives:
        bytes.kind === 'bytes'
          ? { kind: 'bits', length: bytes.bytes === null ? null : bytes.bytes * 8, fixed: bytes.fixed }
          : bits,
      partial: null,
    },
  };
}
