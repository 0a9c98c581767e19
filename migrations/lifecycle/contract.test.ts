import { describe, expect, it } from '@jest/globals';
import { contract, type ContractEvidence, type ContractSettings } from './contract.ts';
import type { Evidence, GateThresholds } from './gate.ts';

const BREAKING = 'GET /a: status 200 is gone';
const WARNING = 'GET /a: status 503 is new';
const RECORDED = 'service: GET /a: $.b is not documented (3 times)';

const judged = (seen: ContractEvidence | null, settings?: ContractSettings) => {
  const thresholds = (settings ? { contract: settings } : {}) as GateThresholds;
  const { passed, value, threshold } = contract({ contract: seen } as Evidence, thresholds, true);
  return { passed, value, threshold };
};
const documents = (breaking: string[], warnings: string[]) => ({ breaking, warnings });

describe('the gate on contracts', () => {
  it('refuses what breaks, and tells of warnings and recorded answers beside it', () => {
    expect(judged({ documents: documents([BREAKING], [WARNING]), recorded: [RECORDED] })).toEqual({
      passed: false,
      value: `${BREAKING}; warnings: ${WARNING}; recorded: ${RECORDED}`,
      threshold: 'no breaking difference',
    });
  });

  it('lets warnings and recorded answers pass, and shows them', () => {
    expect(judged({ documents: documents([], [WARNING]), recorded: [RECORDED] })).toEqual({
      passed: true,
      value: `no breaking difference; warnings: ${WARNING}; recorded: ${RECORDED}`,
      threshold: 'no breaking difference',
    });
  });

  it('refuses them where the configuration wants it', () => {
    const strict = { differences: 'any', recorded: 'refuse' } as const;
    expect(judged({ documents: documents([], [WARNING]), recorded: [] }, strict).passed).toBe(false);
    expect(judged({ documents: documents([], []), recorded: [RECORDED] }, strict)).toEqual({
      passed: false,
      value: `recorded: ${RECORDED}`,
      threshold: 'no difference, no recorded answer that breaks its document',
    });
    expect(judged({ documents: documents([], []), recorded: [] }, strict).passed).toBe(true);
  });

  it('has nothing against a migration without documents', () => {
    expect(judged({ documents: null, recorded: [] }).value).toBe('no documents to compare');
    expect(judged(null).passed).toBe(true);
  });
});
