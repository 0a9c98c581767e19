import { describe, expect, it } from '@jest/globals';
import type { Text } from '../database.ts';
import { columnInfo } from './columns.ts';

interface Spelled {
  data: string;
  full: string;
  nullable?: boolean;
  initial?: Text;
  extra?: string;
  digits?: [precision: string, scale: string];
  isJson?: boolean;
}

/** A row of the catalog, as a server of that make writes it. */
const row = (
  isMariaDb: boolean,
  { data, full, nullable, initial = null, extra = '', digits, isJson }: Spelled,
): Text[] => [
  ...['c', data, full, null, null, ...(digits ?? [null, null]), null, null],
  ...[
    nullable ? 'YES' : 'NO',
    initial,
    extra,
    isMariaDb ? null : '',
    isJson ? '1' : '0',
    isMariaDb ? '1' : '0',
  ],
];

const whole: [string, string] = ['10', '0'];

describe('one column as MariaDB and as MySQL spell it', () => {
  it.each<[string, Spelled, Spelled]>([
    [
      'a number',
      { data: 'int', full: 'int(11)', digits: whole },
      { data: 'int', full: 'int', digits: whole },
    ],
    [
      'one without a sign',
      { data: 'bigint', full: 'bigint(20) unsigned', digits: ['20', '0'] },
      { data: 'bigint', full: 'bigint unsigned', digits: ['20', '0'] },
    ],
    ['a year', { data: 'year', full: 'year(4)' }, { data: 'year', full: 'year' }],
    [
      'one that counts by itself',
      { data: 'int', full: 'int(11)', digits: whole, extra: 'auto_increment' },
      { data: 'int', full: 'int', digits: whole, extra: 'auto_increment' },
    ],
    [
      'a default that is the word NULL',
      { data: 'varchar', full: 'varchar(9)', nullable: true, initial: `'NULL'` },
      { data: 'varchar', full: 'varchar(9)', nullable: true, initial: 'NULL' },
    ],
    [
      'no default',
      { data: 'varchar', full: 'varchar(9)', nullable: true, initial: 'NULL' },
      { data: 'varchar', full: 'varchar(9)', nullable: true },
    ],
    [
      'a default that is computed',
      { data: 'timestamp', full: 'timestamp', initial: 'current_timestamp()' },
      { data: 'timestamp', full: 'timestamp', initial: 'CURRENT_TIMESTAMP', extra: 'DEFAULT_GENERATED' },
    ],
    ['a document', { data: 'longtext', full: 'longtext', isJson: true }, { data: 'json', full: 'json' }],
    [
      'several geometries',
      { data: 'geometrycollection', full: 'geometrycollection' },
      { data: 'geomcollection', full: 'geomcollection' },
    ],
  ])('%s is the same', (_, mariaDb, mysql) => {
    const one = columnInfo(row(true, mariaDb));
    const other = columnInfo(row(false, mysql));
    expect({ ...one, castType: '' }).toEqual({ ...other, castType: '' });
  });

  it('keeps the width where it means something', () => {
    const typeOf = (full: string): string => columnInfo(row(true, { data: 'int', full, digits: whole })).type;
    expect(typeOf('tinyint(1)')).toBe('tinyint(1)');
    expect(typeOf('int(5) unsigned zerofill')).toBe('int(5) unsigned zerofill');
    expect(typeOf('decimal(12,2)')).toBe('decimal(12,2)');
  });
});
