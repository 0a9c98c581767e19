import { useState } from 'preact/hooks';
import { answerOf, api, type Schemas } from '../client/call.ts';
import { useRepeatedly } from '../client/use-repeatedly.ts';
import { comparedSides, type Compared } from '../facts/comparing-sides.ts';
import { Ago } from '../parts/ago.tsx';
import { Chart, type Line } from '../parts/chart.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';

const EVERY_MS = 5000;
const SPAN_MS = 15 * 60_000;

/** Old against new, side by side: rate, errors, p50 and p99 of the last quarter of an hour. */
export function OldAndNewPanel({ name }: { name: string }) {
  const [kind, setKind] = useState<'reads' | 'writes'>('reads');
  const { answer, at, refusal } = useRepeatedly(name, EVERY_MS, () =>
    answerOf(api.GET('/v1/migrations/{migration}/traffic', { params: { path: { migration: name } } })),
  );
  return (
    <Panel
      title="Old against new"
      aside={
        <div class="switch" role="group" aria-label="What is compared">
          {(['reads', 'writes'] as const).map((one) => (
            <button type="button" class="small" aria-pressed={one === kind} onClick={() => setKind(one)}>
              {one}
            </button>
          ))}
        </div>
      }
    >
      <Refusal refusal={refusal} />
      {answer && <Sides traffic={answer} kind={kind} />}
      {answer && (
        <p class="quiet">
          Over the last {Math.round(answer.windowSeconds)} s, and for a quarter of an hour as far as this
          process saw it; to the first byte. Asked <Ago at={at} />.
        </p>
      )}
    </Panel>
  );
}

function Sides({ traffic, kind }: { traffic: Schemas['MigrationTraffic']; kind: 'reads' | 'writes' }) {
  return (
    <table class="sides">
      <thead>
        <tr>
          <th scope="col">
            <span class="spoken">Figure</span>
          </th>
          <th scope="col">
            <b class="key" data-kind="old" /> monolith
          </th>
          <th scope="col">
            <b class="key" data-kind="new" /> service
          </th>
          <th scope="col">
            <span class="spoken">Over time</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {comparedSides(traffic, kind).map((one) => (
          <Figure key={one.name} compared={one} now={Date.parse(traffic.now.at)} />
        ))}
      </tbody>
    </table>
  );
}

function Figure({ compared, now }: { compared: Compared; now: number }) {
  const { name, monolith, service, isWorse, lines } = compared;
  const drawn: Line[] = [
    { name: 'monolith', kind: 'old', points: lines.monolith },
    { name: 'service', kind: 'new', points: lines.service },
  ];
  const words = `${name} over the last quarter of an hour: monolith ${monolith}, service ${service}`;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{monolith}</td>
      <td data-tone={isWorse ? 'bad' : undefined}>
        {service}
        {isWorse && (
          <>
            {' '}
            <Icon name="attention" />
            <span class="spoken">clearly worse</span>
          </>
        )}
      </td>
      <td>
        <Chart lines={drawn} from={now - SPAN_MS} to={now} words={words} height={44} />
      </td>
    </tr>
  );
}
