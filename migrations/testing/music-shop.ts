import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Dialect } from './databases.ts';

/** The Chinook database, the same music shop in two engines; where its files are not there, a little one of our own. */
export interface MusicShop {
  /** Tables and foreign keys, empty. */
  schema: string;
  rows: string;
  /** What PostgreSQL calls `invoice_line`, as this engine calls it. */
  name: (snake: string) => string;
}

const FILES = {
  postgres: new URL('../../../shared/data/chinook.pg.sql.gz', import.meta.url),
  mysql: new URL('../../../shared/data/chinook.mysql.sql.gz', import.meta.url),
};

/** All tables, parents first. */
export const MUSIC_TABLES = [
  ...['artist', 'album', 'employee', 'customer', 'genre', 'media_type', 'track'],
  ...['playlist', 'playlist_track', 'invoice', 'invoice_line'],
] as const;

const TITLE: Readonly<Record<Dialect, (snake: string) => string>> = {
  postgres: (snake) => snake,
  mysql: (snake) => snake.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
};

export function musicShop(dialect: Dialect): MusicShop {
  const file = fileURLToPath(FILES[dialect]);
  const script = existsSync(file) ? gunzipSync(readFileSync(file)).toString('utf8') : ownScript(dialect);
  const [schema = '', rows = ''] = withoutDatabase(script).split('Populate Tables');
  return { schema: uncommented(`${schema}*/`), rows: uncommented(`/*${rows}`), name: TITLE[dialect] };
}

/** The test has made its database already. */
const withoutDatabase = (script: string): string =>
  script.replace(/^(DROP DATABASE|CREATE DATABASE|USE |\\c ).*$/gm, '');

const uncommented = (script: string): string => script.replace(/\/\*[\s\S]*?\*\//g, '');

const OWN = `
CREATE TABLE artist (artist_id INT NOT NULL PRIMARY KEY, name VARCHAR(120));
CREATE TABLE album (album_id INT NOT NULL PRIMARY KEY, title VARCHAR(160) NOT NULL, artist_id INT NOT NULL REFERENCES artist (artist_id));
CREATE TABLE employee (employee_id INT NOT NULL PRIMARY KEY, last_name VARCHAR(20) NOT NULL, reports_to INT, hire_date TIMESTAMP);
CREATE TABLE customer (customer_id INT NOT NULL PRIMARY KEY, first_name VARCHAR(40) NOT NULL, support_rep_id INT REFERENCES employee (employee_id));
CREATE TABLE genre (genre_id INT NOT NULL PRIMARY KEY, name VARCHAR(120));
CREATE TABLE media_type (media_type_id INT NOT NULL PRIMARY KEY, name VARCHAR(120));
CREATE TABLE track (track_id INT NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, album_id INT REFERENCES album (album_id),
  media_type_id INT NOT NULL, genre_id INT, milliseconds INT NOT NULL, unit_price NUMERIC(10,2) NOT NULL);
CREATE TABLE playlist (playlist_id INT NOT NULL PRIMARY KEY, name VARCHAR(120));
CREATE TABLE playlist_track (playlist_id INT NOT NULL, track_id INT NOT NULL, PRIMARY KEY (playlist_id, track_id));
CREATE TABLE invoice (invoice_id INT NOT NULL PRIMARY KEY, customer_id INT NOT NULL, invoice_date TIMESTAMP NOT NULL, total NUMERIC(10,2) NOT NULL);
CREATE TABLE invoice_line (invoice_line_id INT NOT NULL PRIMARY KEY, invoice_id INT NOT NULL REFERENCES invoice (invoice_id),
  track_id INT NOT NULL, unit_price NUMERIC(10,2) NOT NULL, quantity INT NOT NULL);
/* Populate Tables */
INSERT INTO artist VALUES (1, 'Añejo'), (2, NULL);
INSERT INTO album VALUES (1, 'It''s late', 1), (2, 'Ωmega', 2);
INSERT INTO employee VALUES (1, 'Boss', NULL, '2002-08-14 00:00:00'), (2, 'Hand', 1, NULL);
INSERT INTO customer VALUES (1, 'Luís', 2);
INSERT INTO genre VALUES (1, 'Rock');
INSERT INTO media_type VALUES (1, 'MPEG');
INSERT INTO track VALUES (1, 'One', 1, 1, 1, 343719, 0.99), (2, 'Two', 2, 1, NULL, 1, 1.99);
INSERT INTO playlist VALUES (1, 'Music');
INSERT INTO playlist_track VALUES (1, 1), (1, 2);
INSERT INTO invoice VALUES (1, 1, '2021-01-01 00:00:00', 2.98);
INSERT INTO invoice_line VALUES (1, 1, 1, 0.99, 1), (2, 1, 2, 1.99, 1);`;

/** In our own script, what is in small letters is a name. */
function ownScript(dialect: Dialect): string {
  if (dialect === 'postgres') return OWN;
  return OWN.replace(/'[^']*'|\/\*.*\*\/|\b[a-z_]+\b|TIMESTAMP/g, (word) => {
    if (word === 'TIMESTAMP') return 'DATETIME';
    return /^[a-z]/.test(word) ? `\`${TITLE.mysql(word)}\`` : word;
  });
}
