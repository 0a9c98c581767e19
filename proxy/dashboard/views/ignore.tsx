import { useState } from 'preact/hooks';
import { canBeIgnored, ignoringLine } from '../facts/ignoring.ts';

/**
 * "Ignore this, because …". What is ignored stands in strangler.yaml, where it is reviewed like everything else; the
 * page gives the line for it.
 */
export function Ignore({ migration, field }: { migration: string; field: string }) {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const [isCopied, setCopied] = useState(false);
  if (!canBeIgnored(field)) return null;
  if (!isOpen) {
    return (
      <button type="button" class="small" onClick={() => setOpen(true)}>
        Ignore this, because …
      </button>
    );
  }
  const line = ignoringLine(field, reason);
  const copy = () => void navigator.clipboard.writeText(line).then(() => setCopied(true));
  return (
    <div class="ignore">
      <label class="field">
        Ignore <code>{field}</code>, because
        <input
          value={reason}
          onInput={(event) => (setReason(event.currentTarget.value), setCopied(false))}
          maxLength={300}
        />
      </label>
      {reason.trim() !== '' && (
        <>
          <p class="quiet">
            Add this line to <code>migrations.{migration}.shadow.ignore</code> in <code>strangler.yaml</code>.
            It is taken when the file is saved, and the comparison begins anew.
          </p>
          <pre tabIndex={0}>{line}</pre>
          <button type="button" class="small" onClick={copy}>
            {isCopied ? 'Copied' : 'Copy the line'}
          </button>
        </>
      )}
    </div>
  );
}
