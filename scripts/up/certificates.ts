import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../proxy/control/retirement.ts';

/** Keeps the certificate beside the configuration, for programs and for people; gives the files' names. */
export async function writeCertificate(folder: string, certificate: Certificate): Promise<string[]> {
  const place = join(folder, '.strangler', 'certificates');
  await mkdir(place, { recursive: true });
  const files = {
    [join(place, `${certificate.migration}.json`)]: `${JSON.stringify(certificate, null, 2)}\n`,
    [join(place, `${certificate.migration}.txt`)]: `${certificateInWords(certificate)}\n`,
  };
  await Promise.all(Object.entries(files).map(([file, text]) => writeFile(file, text)));
  return Object.keys(files);
}

/** The certificate for a person. */
export function certificateInWords(certificate: Certificate): string {
  const { migration, service, retiredAt, by, reason, routes, tables, countedAt, stages, journal } =
    certificate;
  const { first, last, entries } = journal;
  return [
    `CERTIFICATE: "${migration}" has left the monolith`,
    '',
    `Retired ${retiredAt} by ${by}${reason ? `: ${reason}` : ''}`,
    `Service: ${service}`,
    '',
    'Routes:',
    ...listed(routes),
    'Tables:',
    ...listed(tables.map(({ from, to, rows }) => `${from} → ${to}${rows === null ? '' : `, ${rows} rows`}`)),
    ...(countedAt ? [`  rows as counted on both sides at ${countedAt}`] : []),
    certificate.keptGuard
      ? "When it was retired, a guard was left: the monolith's tables refused writes."
      : "Nothing of Strangler was left in the databases; the monolith's tables take writes, which go nowhere.",
    '',
    'Stages:',
    ...stages.flatMap(({ stage, at, by: who, reason: why, gates, overrides }) => [
      `  ${stage}: entered ${at} by ${who}${why ? `: ${why}` : ''}`,
      ...gates
        .filter(({ passed }) => passed)
        .map(({ gate, value, threshold }) => `    held: ${gate}: ${value} (needs ${threshold})`),
      ...overrides.map(
        ({ gate, value, threshold, by: whose, why: excuse }) =>
          `    overridden by ${whose}: ${gate}: ${value} (needs ${threshold}): ${excuse}`,
      ),
    ]),
    '',
    `Changes of owner: ${certificate.changesOfOwner}; begun and taken back: ${certificate.takenBack}`,
    `Journal: entries ${first.seq} to ${last.seq} (${entries} of all migrations)`,
    `  first ${first.at} ${first.hash}`,
    `  last  ${last.at} ${last.hash}`,
    '`strangler log --verify` tells whether the journal is as it was written.',
  ].join('\n');
}

const listed = (lines: readonly string[]): string[] =>
  lines.length === 0 ? ['  none'] : lines.map((line) => `  ${line}`);
