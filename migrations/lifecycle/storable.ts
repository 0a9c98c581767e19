/**
 * JSON that `jsonb` takes. Values of rows end up in evidence and reports, and jsonb has neither a NUL character, which
 * texts of MySQL may have, nor half of a pair of surrogates, which a text that was cut may end with.
 */
export function storable(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) =>
    typeof inner === 'string' ? inner.replaceAll('\0', '\u2400').toWellFormed() : inner,
  );
}
