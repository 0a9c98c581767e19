import type { Schemas } from '../client/call.ts';
import { Ago } from '../parts/ago.tsx';
import { LongTable } from '../parts/long-table.tsx';
import { count } from '../words.ts';

type Unmatched = Schemas['UnmatchedUse'];

const COLUMNS = ['Request', 'Requests', 'First seen', 'Last seen'];

/** Requests that no route matches: the monolith answers them, and no migration will ever take them along. */
export function Unmatched({ unmatched, search }: { unmatched: readonly Unmatched[]; search: string }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = unmatched.filter(({ method, path }) =>
    words.every((word) => `${method} ${path}`.toLowerCase().includes(word)),
  );
  if (found.length === 0) {
    return <p class="empty">{unmatched.length === 0 ? 'Every request had a route.' : 'No request fits.'}</p>;
  }
  return (
    <>
      <p class="quiet lead">
        No route matches these; the monolith answers them. Whatever should move with a migration needs a route
        of it.
      </p>
      <LongTable
        rows={found}
        rowHeight={3}
        narrowRowHeight={5.75}
        columns={COLUMNS}
        words="Requests that no route matches"
        keyOf={({ method, path }) => `${method} ${path}`}
        cellsOf={cellsOf}
      />
    </>
  );
}

function cellsOf({ method, path, requests, firstSeen, lastSeen }: Unmatched) {
  return [
    <span class="route">
      <b class="method">{method}</b>
      <code title={path}>{path}</code>
    </span>,
    <b>{count(requests)}</b>,
    <Ago at={firstSeen} />,
    <Ago at={lastSeen} />,
  ];
}
