import type { Refused } from '../client/call.ts';
import { Icon } from './icon.tsx';

/** What the control API said no to, where it was asked. */
export function Refusal({ refusal }: { refusal: Refused | null }) {
  if (!refusal) return null;
  return (
    <p class="refusal" role="alert">
      <Icon name="bad" /> {refusal.message}
    </p>
  );
}
