import { api } from '../client/call.ts';
import type { Migration } from '../stream/changes.ts';
import { mayOrder } from '../client/session.ts';
import { useOrder } from '../client/use-order.ts';
import { Ago } from '../parts/ago.tsx';
import { Badge } from '../parts/badge.tsx';
import { Meter } from '../parts/meter.tsx';
import { Panel } from '../parts/panel.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { count, verifyInWords } from '../words.ts';

/** What comparing the rows of both sides found, and the way to do it again. */
export function VerifyPanel({ migration }: { migration: Migration }) {
  const { verify, name, sync } = migration;
  const [{ isUnderWay, refusal }, place] = useOrder();
  const start = (repair: boolean) =>
    place((header) =>
      api.POST('/v1/migrations/{migration}/verifications', {
        params: { path: { migration: name }, header },
        body: { repair },
      }),
    );
  const isRunning = isUnderWay || verify?.state === 'running';
  const differs = verify !== null && verify.differences > verify.repaired;
  return (
    <Panel
      title="Verify"
      aside={
        sync && (
          <>
            <button
              type="button"
              class="small"
              disabled={isRunning || !mayOrder.value}
              onClick={() => start(false)}
            >
              Compare the rows
            </button>
            {differs && (
              <button
                type="button"
                class="small"
                disabled={isRunning || !mayOrder.value}
                onClick={() => start(true)}
              >
                Repair by the owner’s truth
              </button>
            )}
          </>
        )
      }
    >
      <Refusal refusal={refusal} />
      {verify ? (
        <Found verify={verify} />
      ) : (
        <p class="quiet">The rows of both sides were not compared yet.</p>
      )}
    </Panel>
  );
}

function Found({ verify }: { verify: NonNullable<Migration['verify']> }) {
  const { state, differences, repaired, details, entries = [], rowsCompared, rowsTotal } = verify;
  const isClean = differences === repaired;
  const tone = state === 'running' ? 'attention' : state === 'done' && isClean ? 'good' : 'bad';
  return (
    <>
      <p>
        <Badge tone={tone}>{verifyInWords(verify)}</Badge>{' '}
        <span class="quiet">
          <Ago at={verify.at} />
        </span>
      </p>
      {state === 'running' && <Meter value={rowsCompared} total={rowsTotal} words={verifyInWords(verify)} />}
      {entries.length > 0 && (
        <table class="small-table">
          <thead>
            <tr>
              <th scope="col">Pair</th>
              <th scope="col">Rows</th>
              <th scope="col">Differ</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((one) => (
              <tr key={one.entry}>
                <th scope="row">{one.entry}</th>
                <td>{count(one.ownerRows)}</td>
                <td>{count(Object.values(one.differences).reduce((sum, many) => sum + many, 0))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {details.length > 0 && (
        <ul>
          {details.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </>
  );
}
