import type { ComponentChildren } from 'preact';
import type { Tone } from '../facts/standing.ts';
import { Icon } from './icon.tsx';

/** What each tone says to somebody who sees no colour. */
const SPOKEN: Record<Tone, string> = { good: 'good', attention: 'attention', bad: 'trouble', plain: '' };

/** A word with its tone, as colour, as shape and as a spoken word. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class="badge" data-tone={tone}>
      {tone !== 'plain' && <Icon name={tone} />}
      {SPOKEN[tone] !== '' && <span class="spoken">{SPOKEN[tone]}: </span>}
      <span>{children}</span>
    </span>
  );
}
