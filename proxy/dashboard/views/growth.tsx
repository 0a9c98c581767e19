import type { Share } from '../facts/takeover.ts';
import { count, percent } from '../words.ts';

/** The shares in figures, beside the drawing that grows with them. */
export function Growth({ routes, writes }: { routes: Share; writes: Share }) {
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
          {share.percent === null ? 'none yet' : `${count(taken)} of ${count(total)} routes`}
        </span>
      </dd>
    </div>
  );
}
