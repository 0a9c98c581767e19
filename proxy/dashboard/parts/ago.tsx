import { now } from '../client/live.ts';
import { duration } from '../words.ts';

/** How long ago something was, counted on while it is looked at; with the time itself on hovering. */
export function Ago({ at }: { at: string | number }) {
  const time = typeof at === 'number' ? at : Date.parse(at);
  const seconds = Math.max(0, (now.value - time) / 1000);
  const words = seconds < 1 ? 'just now' : `${duration(Math.floor(seconds))} ago`;
  return (
    <time dateTime={new Date(time).toISOString()} title={new Date(time).toLocaleString()}>
      {words}
    </time>
  );
}
