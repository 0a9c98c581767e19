import { migrations } from '../client/live.ts';
import type { RouteFilter } from '../facts/list-routes.ts';
import { Icon } from '../parts/icon.tsx';

interface Props {
  filter: RouteFilter;
  set: (name: keyof RouteFilter, value: string) => void;
}

const USES = [
  ['unused', 'nobody called for a week'],
  ['unmatched', 'requests without a route'],
] as const;
const same = (options: readonly string[]) => options.map((one) => [one, one] as const);

/** Search and filters of the list of routes. */
export function RouteFilters({ filter, set }: Props) {
  const names = same(migrations.value.map(({ name }) => name));
  const isOff = filter.use === 'unmatched';
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="spoken">Search routes</span>
        <input
          type="search"
          placeholder="Search: method, path, migration"
          value={filter.search}
          onInput={(event) => set('search', event.currentTarget.value)}
        />
      </label>
      <Choice {...{ name: 'use', words: 'Show', options: USES, filter, set }} />
      <Choice {...{ name: 'migration', words: 'Migration', options: names, filter, set, isOff }} />
      <Choice
        {...{
          name: 'arm',
          words: 'Answered by',
          options: same(['monolith', 'service', 'split']),
          filter,
          set,
          isOff,
        }}
      />
      <Choice
        {...{
          name: 'kind',
          words: 'Reads or writes',
          options: same(['reads', 'writes']),
          filter,
          set,
          isOff,
        }}
      />
    </form>
  );
}

interface ChoiceProps extends Props {
  name: keyof RouteFilter;
  words: string;
  options: readonly (readonly [string, string])[];
  isOff?: boolean;
}

function Choice({ name, words, options, filter, set, isOff = false }: ChoiceProps) {
  return (
    <label class="choice">
      {words}
      <select
        disabled={isOff}
        value={filter[name]}
        onChange={(event) => set(name, event.currentTarget.value)}
      >
        <option value="">{name === 'use' ? 'all routes' : 'all'}</option>
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
