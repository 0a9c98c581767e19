// The page takes words.js as it is; this lets the CLI say the same things in the same words.
import type { components } from '../control/api.gen.ts';

type Schemas = components['schemas'];

export function percent(value: number): string;
export function duration(seconds: number): string;
export function count(value: number): string;
export function syncInWords(sync: Schemas['SyncStatus']): string;
export function backfillInWords(table: Schemas['BackfillProgress']): string;
export function verifyInWords(verify: Schemas['VerifyStatus']): string;
export function rampInWords(ramp: Schemas['RampStatus']): string;
export function guardrailInWords(guardrail: Schemas['GuardrailStatus']): string;
export function takenBackInWords(taken: Schemas['TakenBack']): string;
export function placeInWords(route: Pick<Schemas['RouteStatus'], 'host' | 'path' | 'conditions'>): string;
