import type { ColumnInfo, Row, Text } from '../database.ts';
import { DatabaseError } from '../errors.ts';
import type { Kind } from '../kind.ts';
import { ident, literal } from './identifiers.ts';

/** A value that a column here cannot hold as it is. The change is parked, and the value not bent. */
export class UnstorableValueError extends DatabaseError {
  override name = 'UnstorableValueError';
  constructor(column: string, value: string, why: string) {
    const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
    super(`${JSON.stringify(shown)} does not fit into column "${column}": ${why}`);
  }
}

/** Takes the zeros off the end of a fraction that is surely there. */
const trimmed = (text: string): string => `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text}))`;

const asText = (value: string): string => `CAST(${value} AS CHAR CHARACTER SET utf8mb4)`;

/**
 * SQL for a column's canonical text, but for floats, which `canonical` finishes. It reads the same in every session, for
 * it also stands in triggers, which run in the writer's: under its time zone, but under our `sql_mode` and character set.
 *
 * @param row what the column belongs to: an alias, `NEW`, `OLD`
 */
export function readExpression({ name, type, kind }: ColumnInfo, row: string): string {
  const value = `${row}.${ident(name)}`;
  switch (kind.kind) {
    case 'integer':
      // By way of a number: zerofill pads the text.
      return asText(`CAST(${value} AS ${kind.unsigned ? 'UNSIGNED' : 'SIGNED'})`);
    case 'decimal':
      return asText(type.includes('zerofill') ? `${value} + 0` : value);
    case 'float':
      // A float's own text has six digits.
      return asText(`CAST(${value} AS DOUBLE)`);
    case 'text':
      return `CONVERT(${value} USING utf8mb4)`;
    case 'bytes':
      return hexadecimal(value);
    case 'bits':
      return `LPAD(BIN(${value} + 0), ${kind.length}, '0')`;
    case 'time':
    case 'datetime':
      return kind.precision > 0 ? trimmed(asText(value)) : asText(value);
    case 'instant':
      // The seconds of a TIMESTAMP column are taken as they are stored: no zone, and no hour that comes twice, is between.
      // Of a zero date they are 0, or in a trigger null.
      return `IF(${value} IS NULL, NULL, IF(COALESCE(UNIX_TIMESTAMP(${value}), 0) = 0, '0000-00-00 00:00:00+00', CONCAT(${trimmed(
        asText(`TIMESTAMP'1970-01-01 00:00:00.000000' + INTERVAL UNIX_TIMESTAMP(${value}) SECOND`),
      )}, '+00')))`;
    case 'other':
      return isAddress(kind) ? asText(value) : hexadecimal(value);
    default:
      return asText(value);
  }
}

/**
 * Of more bytes than half of max_allowed_packet, HEX makes an error in a trigger, and elsewhere a null, which must not
 * pass for one: `canonical` refuses what stands in its place.
 */
const hexadecimal = (value: string): string =>
  `COALESCE(CONCAT('\\\\x', LOWER(HEX(${value}))), IF(${value} IS NULL, NULL, '${TOO_LONG}'))`;

const TOO_LONG = '!';

/** MariaDB's `inet4` and `inet6` have a text; what else is `other` (geometries) has only bytes. */
const isAddress = (kind: Kind & { kind: 'other' }): boolean => kind.name.startsWith('inet');

/**
 * Finishes what `readExpression` read.
 *
 * @throws DatabaseError when the server could not give the value
 */
function canonical({ name, kind }: ColumnInfo, text: Text): Text {
  if (text === null) return null;
  if (kind.kind === 'float') return floatText(text, kind.bits);
  if (text === TOO_LONG && (kind.kind === 'bytes' || kind.kind === 'other')) {
    throw new DatabaseError(
      `column "${name}" has a value of more than half of max_allowed_packet, which cannot be read whole; raise it`,
    );
  }
  return text;
}

/** A whole row that was read in the order of `columns`. */
export function canonicalRow(columns: readonly ColumnInfo[], read: readonly Text[]): Row {
  const row: Row = {};
  columns.forEach((column, i) => (row[column.name] = canonical(column, read[i] ?? null)));
  return row;
}

/** SQL for a row as a JSON object of texts; floats are marked in it, so that `rowFromJson` finishes them. */
export function jsonExpression(columns: readonly ColumnInfo[], row: string): string {
  const members = columns.map((column) => {
    const text = readExpression(column, row);
    const { kind } = column;
    return `${literal(column.name)}, ${kind.kind === 'float' ? `JSON_ARRAY(${kind.bits}, ${text})` : text}`;
  });
  return `JSON_OBJECT(${members.join(', ')})`;
}

/** Reads what `jsonExpression` wrote. */
export function rowFromJson(json: string): Row {
  const read = JSON.parse(json) as Record<string, Text | [32 | 64, Text]>;
  const row: Row = {};
  for (const [name, value] of Object.entries(read)) {
    row[name] = !Array.isArray(value) ? value : value[1] === null ? null : floatText(value[1], value[0]);
  }
  return row;
}

/** The shortest text that reads back to the same bits, spelled as PostgreSQL does: `1e+15`, `1e-05`, `0.0001`. */
function floatText(text: string, bits: 32 | 64): string {
  const value = Number(text);
  const [digits = '', exponent = '0'] = shortest(value, bits).split('e');
  const power = Number(exponent);
  if (power < -4 || power >= (bits === 32 ? 6 : 15)) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return value.toFixed(Math.max(0, (digits.split('.')[1]?.length ?? 0) - power));
}

/** In the form `1.5e3`. */
function shortest(value: number, bits: 32 | 64): string {
  if (bits === 64) return value.toExponential();
  for (let digits = 0; digits < 8; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return text;
  }
  return value.toExponential(8);
}

/**
 * SQL for the value that a canonical text stands for, to be assigned to the column or compared with it.
 *
 * @throws UnstorableValueError where the server would round, cut or bend it without an error
 */
export function writeExpression({ name, kind }: ColumnInfo, text: Text): string {
  if (text === null) return 'NULL';
  const refuse = (why: string): never => {
    throw new UnstorableValueError(name, text, why);
  };
  switch (kind.kind) {
    case 'integer':
      return /^-?\d+$/.test(text) ? text : refuse('it is not a whole number');
    case 'decimal':
      return decimal(kind, text, refuse);
    case 'float':
      return float(kind.bits, text, refuse);
    case 'text':
      if (kind.fixed && text.endsWith(' ')) return refuse('CHAR keeps no blanks at the end');
      if (kind.length !== null && text.length > kind.length && [...text].length > kind.length) {
        return refuse(`it is longer than ${kind.length} characters`);
      }
      return literal(text);
    case 'bytes':
    case 'other':
      if (kind.kind === 'other' && isAddress(kind)) return literal(text);
      if (!isHexadecimal(text)) return refuse('it is not bytes in hexadecimal');
      if (kind.kind === 'bytes' && kind.fixed && (text.length - 2) / 2 !== kind.bytes) {
        return refuse(`it is not ${kind.bytes} bytes long, and BINARY would pad it`);
      }
      return `x'${text.slice(2)}'`;
    case 'bits':
      return /^[01]+$/.test(text) && text.length === kind.length
        ? `b'${text}'`
        : refuse(`it is not ${kind.length} bits`);
    case 'time':
    case 'datetime':
      return literal(moment(kind.precision, text, refuse));
    case 'instant':
      return text.endsWith('+00')
        ? literal(moment(kind.precision, text.slice(0, -3), refuse))
        : refuse('it is not a moment in UTC (+00)');
    default:
      return literal(text);
  }
}

type Refuse = (why: string) => never;

/** The server rounds what is too fine with no more than a note. */
function decimal(kind: Kind & { kind: 'decimal' }, text: string, refuse: Refuse): string {
  const parts = /^-?0*(\d*?)(?:\.(\d*?)0*)?$/.exec(text);
  if (!parts || text === '') return refuse('it is not a decimal number');
  const [, whole = '', fraction = ''] = parts;
  const { precision, scale } = kind;
  if (scale !== null && fraction.length > scale)
    return refuse(`it has more than ${scale} digits behind the point`);
  if (precision !== null && scale !== null && whole.length > precision - scale) {
    return refuse(`it has more than ${precision - scale} digits before the point`);
  }
  return text;
}

/** With an exponent, a number is read as a double and not as a decimal. */
function float(bits: 32 | 64, text: string, refuse: Refuse): string {
  const value = bits === 32 ? Math.fround(Number(text)) : Number(text);
  if (!Number.isFinite(value)) return refuse('there is no NaN and no infinity here');
  // MariaDB drops the sign without a word.
  if (Object.is(value, -0)) return refuse('there is no negative zero here');
  return value.toExponential();
}

function moment(precision: number, text: string, refuse: Refuse): string {
  const fraction = /\.(\d+)$/.exec(text)?.[1] ?? '';
  return fraction.length > precision
    ? refuse(`it has more than ${precision} digits behind the second's point`)
    : text;
}

/** Looks for what is none: a pattern that goes through all of a large value one pair after the other overflows its stack. */
function isHexadecimal(text: string): boolean {
  return text.startsWith('\\x') && text.length % 2 === 0 && !/[^0-9a-f]/.test(text.slice(2));
}
