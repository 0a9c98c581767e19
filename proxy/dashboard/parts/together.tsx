import { Icon } from './icon.tsx';
import { list } from '../words.ts';

/** Says which migrations move as one, and what that means. */
export function Together({ names, isApart = false }: { names: readonly string[]; isApart?: boolean }) {
  return (
    <p class="together" data-tone={isApart ? 'bad' : undefined}>
      <Icon name="together" />
      <span>
        <b>{list(names)}</b> move together:{' '}
        {isApart ? 'they stand at different stages, so none can move.' : 'a move of one is a move of all.'}
      </span>
    </p>
  );
}
