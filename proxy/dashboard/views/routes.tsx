import { computed } from '@preact/signals';
import { migrations } from '../client/live.ts';
import { addressOf, replaceQuery } from '../client/place.ts';
import { filtered, routeRows, type RouteFilter, type RouteRow } from '../facts/list-routes.ts';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { LongTable } from '../parts/long-table.tsx';
import { count } from '../words.ts';

const rows = computed(() => routeRows(migrations.value));
const COLUMNS = ['Route', 'Migration', 'Stage', 'Answered by'];

/** Every route, with search and filter; both stand in the address. */
export function RoutesView({ query }: { query: URLSearchParams }) {
  const filter: RouteFilter = {
    search: query.get('search') ?? '',
    migration: query.get('migration') ?? '',
    arm: query.get('arm') ?? '',
    kind: query.get('kind') ?? '',
  };
  const found = filtered(rows.value, filter);
  const set = (name: keyof RouteFilter, value: string) => {
    const next = new URLSearchParams(query);
    if (value === '') next.delete(name);
    else next.set(name, value);
    replaceQuery(next);
  };
  return (
    <div class="routes">
      <header class="head">
        <h1>Routes</h1>
        <p class="quiet" role="status">
          {found.length === rows.value.length
            ? `${count(found.length)} routes`
            : `${count(found.length)} of ${count(rows.value.length)} routes`}
        </p>
      </header>
      <Filters filter={filter} set={set} />
      {found.length === 0 ? (
        <p class="empty">No route fits.</p>
      ) : (
        <LongTable
          rows={found}
          rowHeight={3}
          columns={COLUMNS}
          words="Routes"
          keyOf={({ key }) => key}
          cellsOf={cellsOf}
        />
      )}
    </div>
  );
}

function cellsOf(row: RouteRow) {
  return [
    <span class="route">
      <b class="method" data-kind={row.kind}>
        {row.method}
      </b>
      <code title={row.place}>{row.place}</code>
      {row.method === 'any' && <span class="quiet">{row.kind}</span>}
    </span>,
    <a href={addressOf.migration(row.migration)}>{row.migration}</a>,
    row.stage,
    <Badge tone={row.arm === 'service' ? 'good' : row.arm === 'split' ? 'attention' : 'plain'}>
      {row.answeredBy}
    </Badge>,
  ];
}

function Filters({
  filter,
  set,
}: {
  filter: RouteFilter;
  set: (name: keyof RouteFilter, value: string) => void;
}) {
  const names = migrations.value.map(({ name }) => name);
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
      <Choice {...{ name: 'migration', words: 'Migration', options: names, filter, set }} />
      <Choice
        {...{ name: 'arm', words: 'Answered by', options: ['monolith', 'service', 'split'], filter, set }}
      />
      <Choice {...{ name: 'kind', words: 'Reads or writes', options: ['reads', 'writes'], filter, set }} />
    </form>
  );
}

interface ChoiceProps {
  name: keyof RouteFilter;
  words: string;
  options: readonly string[];
  filter: RouteFilter;
  set: (name: keyof RouteFilter, value: string) => void;
}

function Choice({ name, words, options, filter, set }: ChoiceProps) {
  return (
    <label class="choice">
      {words}
      <select value={filter[name]} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">all</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
