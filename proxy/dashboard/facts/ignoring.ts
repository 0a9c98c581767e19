import type { components } from '../../control/api.gen.ts';

type Schemas = components['schemas'];

/** Only a JSONPath can be ignored: a status, a header or a whole body cannot. */
export function canBeIgnored(field: string): boolean {
  return field.startsWith('$');
}

/** Position of the newest order to ignore a field, or to compare it again; 0 when there is none. */
export function newestIgnoring(entries: readonly Schemas['JournalEntry'][], migration: string): number {
  const isOne = (entry: Schemas['JournalEntry']): boolean =>
    entry.migration === migration && (entry.kind === 'field-ignored' || entry.kind === 'field-compared');
  return entries.findLast(isOne)?.seq ?? 0;
}
