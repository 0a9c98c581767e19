import { ownName, session } from '../client/session.ts';
import type { Verb } from '../facts/stages.ts';
import type { Wishes } from '../facts/wishes.ts';

interface Props {
  verb: Verb;
  wishes: Wishes;
  onWish: (wishes: Wishes) => void;
}

/** What a person has to say about a move. */
export function WishFields({ verb, wishes, onWish }: Props) {
  const wish = (one: Partial<Wishes>) => onWish({ ...wishes, ...one });
  return (
    <div class="wishes">
      {verb === 'canary' && <Weight {...{ wishes, wish }} />}
      {verb === 'retire' && <ForGood {...{ wishes, wish }} />}
      <label class="field">
        <span>
          Reason, for the journal {wishes.override.length === 0 && <span class="quiet">(if you like)</span>}
        </span>
        <input
          name="reason"
          value={wishes.reason}
          maxLength={500}
          required={wishes.override.length > 0}
          onInput={(event) => wish({ reason: event.currentTarget.value })}
        />
      </label>
      <WhoField />
    </div>
  );
}

/** Asks who somebody is who has no name from the control API. */
export function WhoField() {
  if (session.value?.name !== null) return null;
  return (
    <label class="field">
      <span>Your name, for the journal</span>
      <input
        name="actor"
        value={ownName.value}
        maxLength={100}
        required
        autocomplete="username"
        onInput={(event) => (ownName.value = event.currentTarget.value)}
      />
    </label>
  );
}

type Part = { wishes: Wishes; wish: (one: Partial<Wishes>) => void };

function Weight({ wishes, wish }: Part) {
  return (
    <fieldset>
      <legend>How much of the reads</legend>
      <label class="check">
        <input type="radio" name="how" checked={!wishes.ramp} onChange={() => wish({ ramp: false })} />
        This share, until somebody changes it
      </label>
      <label class="field inline">
        <span>Percent of the clients</span>
        <input
          name="weight"
          type="number"
          min="0"
          max="100"
          step="0.1"
          disabled={wishes.ramp}
          value={wishes.weight}
          onChange={(event) => wish({ weight: event.currentTarget.valueAsNumber })}
        />
      </label>
      <label class="check">
        <input type="radio" name="how" checked={wishes.ramp} onChange={() => wish({ ramp: true })} />
        Up by itself, by the ramp of the configuration
      </label>
    </fieldset>
  );
}

function ForGood({ wishes, wish }: Part) {
  return (
    <fieldset>
      <legend>There is no way back from this</legend>
      <label class="check">
        <input
          type="checkbox"
          name="keepGuard"
          checked={wishes.keepGuard}
          onChange={(event) => wish({ keepGuard: event.currentTarget.checked })}
        />
        The monolith’s tables go on refusing writes
      </label>
      <label class="check">
        <input
          type="checkbox"
          name="sure"
          checked={wishes.sure}
          onChange={(event) => wish({ sure: event.currentTarget.checked })}
        />
        I know that the sync is removed, and that nothing leads back
      </label>
    </fieldset>
  );
}
