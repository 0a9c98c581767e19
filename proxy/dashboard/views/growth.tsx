import type { Schemas } from '../client/call.ts';
import { latelyAsked, sharesOverTime, type LatelyAsked } from '../facts/progress.ts';
import type { Takeover } from '../facts/takeover.ts';
import { Ago } from '../parts/ago.tsx';
import { Chart, type Line } from '../parts/chart.tsx';
import { count, percent } from '../words.ts';

interface Props extends Takeover {
  /** What was noted over time, oldest first; null before it was read. */
  points: readonly Schemas['ProgressPoint'][] | null;
}

/** The shares in figures, beside the drawing that grows with them. */
export function Growth({ routes, writes, points }: Props) {
  const asked = points && latelyAsked(points, 'requests');
  const written = points && latelyAsked(points, 'writes');
  return (
    <div class="growth-figures">
      <h1 id="growth-title">
        {routes.percent === null ? 'No route yet' : `${percent(routes.percent)} of the routes are out`}
      </h1>
      <p class="quiet lead">The fig grows over its tree as the services take over from the monolith.</p>
      <dl class="shares">
        <Figure name="Requests" part="leaves" share={asked?.percent ?? null}>
          <Asked asked={asked} what="requests" />
        </Figure>
        <Figure name="Routes" part="lattice" share={routes.percent}>
          {`${count(routes.taken)} of ${count(routes.total)} routes`}
        </Figure>
        <Figure name="Writes" part="roots" share={written?.percent ?? writes.percent}>
          {written ? (
            <Asked asked={written} what="writes" />
          ) : (
            `${count(writes.taken)} of ${count(writes.total)} routes that write; nobody wrote yet`
          )}
        </Figure>
      </dl>
      {points && points.length > 1 && <OverTime points={points} />}
    </div>
  );
}

interface FigureProps {
  name: string;
  part: string;
  share: number | null;
  children: preact.ComponentChildren;
}

function Figure({ name, part, share, children }: FigureProps) {
  return (
    <div class="share" data-part={part}>
      <dt>
        {name} <span class="quiet">({part})</span>
      </dt>
      <dd>
        <strong>{share === null ? '–' : percent(share)}</strong>
        <span class="quiet">{children}</span>
      </dd>
    </div>
  );
}

const LATELY_MS = 20 * 60_000;

function Asked({ asked, what }: { asked: LatelyAsked | null; what: string }) {
  if (!asked) return <>no {what} yet</>;
  if (Date.now() - Date.parse(asked.at) < LATELY_MS) {
    return (
      <>
        of {count(asked.asked)} {what} in a quarter of an hour
      </>
    );
  }
  return (
    <>
      of the last {count(asked.asked)} {what}, <Ago at={asked.at} />
    </>
  );
}

function OverTime({ points }: { points: readonly Schemas['ProgressPoint'][] }) {
  const { routes, requests, writes } = sharesOverTime(points);
  const [from, to] = [routes[0]?.at ?? 0, routes.at(-1)?.at ?? 0];
  const lines: Line[] = [
    { name: 'requests', kind: 'requests', points: requests },
    { name: 'routes', kind: 'routes', points: routes },
    { name: 'writes', kind: 'writes', points: writes },
  ];
  const last = ({ points: line }: Line): string => {
    const value = line.findLast((point) => point.value !== null)?.value ?? null;
    return value === null ? 'none' : percent(value);
  };
  const words = `Since ${day(from)}: ${lines.map((line) => `${line.name} ${last(line)}`).join(', ')}`;
  return (
    <figure class="over-time">
      <Chart {...{ lines, from, to, words, top: 100, width: 600, height: 130 }} />
      <figcaption class="legend quiet">
        <span>{day(from)}</span>
        <span>
          {lines.map(({ name, kind }) => (
            <span key={name}>
              <b class="key" data-kind={kind} /> {name}
            </span>
          ))}
          , in percent
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
