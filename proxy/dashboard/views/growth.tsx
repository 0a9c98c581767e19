import { now } from '../client/live.ts';
import type { History } from '../facts/history.ts';
import type { Share } from '../facts/takeover.ts';
import { Chart, type Line } from '../parts/chart.tsx';
import { count, percent } from '../words.ts';

interface Props {
  routes: Share;
  writes: Share;
  history: History | null;
}

/** The shares in figures, beside the drawing that grows with them. */
export function Growth({ routes, writes, history }: Props) {
  return (
    <div class="growth-figures">
      <h1 id="growth-title">
        {routes.percent === null ? 'No route yet' : `${percent(routes.percent)} of the routes are out`}
      </h1>
      <p class="quiet lead">The fig grows over its tree as the services take over from the monolith.</p>
      <dl class="shares">
        <Figure name="Routes" part="lattice" share={routes} />
        <Figure name="Writes" part="roots" share={writes} />
      </dl>
      {history && history.routes.length > 0 && <OverTime history={history} />}
    </div>
  );
}

function Figure({ name, part, share }: { name: string; part: string; share: Share }) {
  const { taken, total } = share;
  return (
    <div class="share" data-part={part}>
      <dt>
        {name} <span class="quiet">({part})</span>
      </dt>
      <dd>
        <strong>{share.percent === null ? '–' : percent(share.percent)}</strong>
        <span class="quiet">
          {share.percent === null
            ? 'none yet'
            : `${count(taken)} of ${count(total)} ${part === 'roots' ? 'routes that write' : 'routes'}`}
        </span>
      </dd>
    </div>
  );
}

function OverTime({ history }: { history: History }) {
  const from = history.routes[0]?.at ?? 0;
  const lines: Line[] = [
    { name: 'routes', kind: 'routes', points: history.routes },
    { name: 'writes', kind: 'writes', points: history.writes },
  ];
  const last = (line: Line): string => percent(line.points.at(-1)?.value ?? 0);
  const words = `Since ${day(from)}: ${lines.map((line) => `${line.name} to ${last(line)}`).join(', ')}`;
  return (
    <figure class="over-time">
      <Chart {...{ lines, from, words, to: now.value, top: 100, asSteps: true, width: 600, height: 130 }} />
      <figcaption class="legend quiet">
        <span>{day(from)}</span>
        <span>
          <b class="key" data-kind="routes" /> routes <b class="key" data-kind="writes" /> writes, in percent
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

function day(at: number): string {
  const isToday = Date.now() - at < 86_400_000;
  return isToday
    ? new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : new Date(at).toLocaleDateString([], { day: 'numeric', month: 'short' });
}
