import { fewOf, result, type Gate } from './gate.ts';

/** What both documents say of each other. */
export interface ComparedContracts {
  /** At which a client of the monolith can fail, each in one line. */
  breaking: string[];
  /** Which a careful client does not fail at. */
  warnings: string[];
}

/** What is known of the contracts of both sides. */
export interface ContractEvidence {
  /** Null when there are no documents to compare. */
  documents: ComparedContracts | null;
  /** What recorded answers do against their own side's document, each in one line. */
  recorded: string[];
}

/** What the gate refuses. */
export interface ContractSettings {
  differences: 'breaking' | 'any';
  recorded: 'warn' | 'refuse';
}

const LENIENT: ContractSettings = { differences: 'breaking', recorded: 'warn' };

/** The service promises what the monolith promised; and both keep what they promise, if that is wanted. */
export const contract: Gate = ({ contract: seen }, { contract: settings = LENIENT }) => {
  const { documents, recorded } = seen ?? { documents: null, recorded: [] };
  const [breaking, warnings] = [documents?.breaking ?? [], documents?.warnings ?? []];
  const refusesWarnings = settings.differences === 'any';
  const refusesRecorded = settings.recorded === 'refuse';
  const refused = [
    ...breaking,
    ...(refusesWarnings ? warnings : []),
    ...(refusesRecorded && recorded.length > 0 ? [`recorded: ${fewOf(recorded)}`] : []),
  ];
  const allowed = [
    ...(refusesWarnings || warnings.length === 0 ? [] : [`warnings: ${fewOf(warnings)}`]),
    ...(refusesRecorded || recorded.length === 0 ? [] : [`recorded: ${fewOf(recorded)}`]),
  ];
  const held = documents === null ? 'no documents to compare' : 'no breaking difference';
  return result(
    'contract',
    refused.length === 0,
    [...(refused.length === 0 ? [held] : refused), ...allowed].join('; '),
    [
      refusesWarnings ? 'no difference' : 'no breaking difference',
      ...(refusesRecorded ? ['no recorded answer that breaks its document'] : []),
    ].join(', '),
    "mend the service's contract or answers, or the client that relies on the old ones; `strangler contract` lists all",
  );
};
