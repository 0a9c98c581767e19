const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof MS;

/** How durations are written in strangler.yaml, e.g. `30s`, `10m`, `1.5h`, `7d`. */
export const DURATION = String.raw`\d+(?:\.\d+)?(?:ms|s|m|h|d)`;

/** Milliseconds of a text that matches `DURATION`. */
export function millisecondsOf(text: string): number {
  const [, amount, unit] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Math.round(Number(amount) * MS[unit as Unit]);
}

/** A duration for a person, in the largest unit in which it needs no more than one decimal. */
export function durationInWords(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 90 * 60_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  if (ms < 48 * 3_600_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Number((ms / 86_400_000).toFixed(1))} d`;
}
