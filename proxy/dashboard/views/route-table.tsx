import { now } from '../client/live.ts';
import { addressOf } from '../client/place.ts';
import type { RouteRow } from '../facts/list-routes.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { LongTable } from '../parts/long-table.tsx';
import { count, duration } from '../words.ts';

const COLUMNS = ['Route', 'Migration', 'Stage', 'Answered by', 'Requests', 'Last seen'];

/** Routes with who answers them and how they are used. */
export function RouteTable({ rows }: { rows: readonly RouteRow[] }) {
  return (
    <LongTable
      rows={rows}
      rowHeight={3}
      narrowRowHeight={5.75}
      columns={COLUMNS}
      words="Routes"
      keyOf={({ key }) => key}
      cellsOf={cellsOf}
    />
  );
}

const TONES = { service: 'good', split: 'attention', monolith: 'plain' } as const;

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
    <Badge tone={TONES[row.arm]}>{row.answeredBy}</Badge>,
    <Requests row={row} />,
    row.lastSeen === null ? <Never row={row} /> : <Ago at={row.lastSeen} />,
  ];
}

/** How many, and which part of them each side answered: by words on hovering, and as a bar. */
function Requests({ row }: { row: RouteRow }) {
  const { monolith, service } = row.requests;
  const total = monolith + service;
  const words = `${count(monolith)} by the monolith, ${count(service)} by the service`;
  return (
    <span class="requests" title={words}>
      <b>{count(total)}</b>
      <span class="spoken">, {words}</span>
      {total > 0 && (
        <span class="part" aria-hidden="true">
          <span style={{ width: `${(service * 100) / total}%` }} />
        </span>
      )}
    </span>
  );
}

/** For how long nobody asked: as long as it is counted. */
function Never({ row }: { row: RouteRow }) {
  if (row.countedSince === null) return <span class="quiet">not counted yet</span>;
  const seconds = Math.max(0, (now.value - Date.parse(row.countedSince)) / 1000);
  return <span class="quiet">never in {duration(seconds)}</span>;
}
