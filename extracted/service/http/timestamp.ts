/** PostgreSQL's text in a UTC session, always with six decimals: 2010-12-01T08:26:00.000000Z. */
export function toIso(text: string): string {
  const [date = '', time = ''] = text.replace(/\+00$/, '').split(' ');
  const [seconds = '', fraction = ''] = time.split('.');
  return `${date}T${seconds}.${fraction.padEnd(6, '0')}Z`;
}

export const toIsoOrNull = (text: string | null): string | null => (text === null ? null : toIso(text));
