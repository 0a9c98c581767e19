/** How much of something there is, with the same in words for whoever cannot see a bar. */
export function Meter({ value, total, words }: { value: number; total: number | null; words: string }) {
  if (total === null || total === 0) return <progress aria-label={words} />;
  return <progress aria-label={words} max={total} value={Math.min(value, total)} />;
}
