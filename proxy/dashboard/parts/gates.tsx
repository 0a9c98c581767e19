import type { Schemas } from '../client/call.ts';
import { Icon } from './icon.tsx';

type Gate = Schemas['GateResult'];

interface Props {
  gates: readonly Gate[];
  /** Which are to be overridden, and the way to say so; none may be when left out. */
  overridden?: ReadonlySet<string> | undefined;
  onOverride?: (gate: string, isOverridden: boolean) => void;
}

/** Gates as a checklist, those that do not hold first. */
export function Gates({ gates, overridden, onOverride }: Props) {
  if (gates.length === 0) return <p class="quiet">This move has no gates.</p>;
  const sorted = [...gates].sort((a, b) => Number(a.passed) - Number(b.passed));
  return (
    <ul class="gates">
      {sorted.map((gate) => (
        <li key={gate.gate} data-tone={toneOf(gate)}>
          <span class="gate-mark">
            <Icon name={toneOf(gate)} />
            <span class="spoken">{gate.passed ? 'holds' : gate.overridden ? 'overridden' : 'refuses'}: </span>
          </span>
          <div>
            <strong>{gate.gate}</strong>
            <span class="gate-value">{gate.value}</span>
            <span class="quiet">needs {gate.threshold}</span>
            {gate.advice !== '' && <p class="advice">{gate.advice}</p>}
            {!gate.passed && onOverride && <Override {...{ gate, overridden, onOverride }} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function toneOf(gate: Gate): 'good' | 'attention' | 'bad' {
  return gate.passed ? 'good' : gate.overridden ? 'attention' : 'bad';
}

function Override({ gate, overridden, onOverride }: { gate: Gate } & Omit<Props, 'gates'>) {
  if (gate.notOverridable !== '') {
    return <p class="quiet">Nobody may override it: {gate.notOverridable}</p>;
  }
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={overridden?.has(gate.gate) ?? false}
        onChange={(event) => onOverride?.(gate.gate, event.currentTarget.checked)}
      />
      Override it this one time; that needs a reason
    </label>
  );
}
