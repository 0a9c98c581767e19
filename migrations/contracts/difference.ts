/**
 * `breaking`: a client of the old contract can fail. `warning`: it can notice, and a careful one does not fail.
 */
export type Severity = 'breaking' | 'warning';

/** Something that a client of the old contract can notice of the new one, in one line. */
export interface Difference {
  severity: Severity;
  message: string;
}

export const breaking = (message: string): Difference => ({ severity: 'breaking', message });
export const warning = (message: string): Difference => ({ severity: 'warning', message });

export const inWords = (values: readonly unknown[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('|');
