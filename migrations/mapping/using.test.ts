import { describe, expect, it } from '@jest/globals';
import { ConversionError } from './convert.ts';
import { callFor } from './using.ts';

const giving = (name: string | null) => ({ toService: () => ({ name }), toMonolith: () => ({}) });

describe('what a function of a mapping gives', () => {
  it('is taken as it is, whatever characters it has', async () => {
    expect(await callFor(giving('Ä 😀'), 'service', ['name'], {})).toEqual({ name: 'Ä 😀' });
    expect(await callFor(giving(null), 'service', ['name'], {})).toEqual({ name: null });
  });

  it('is refused when it has half a character, which would become another one on its way', async () => {
    const given = await callFor(giving('a\ud83d'), 'service', ['name'], {});
    expect(given).toBeInstanceOf(ConversionError);
    expect(given).toMatchObject({ message: expect.stringContaining('has a "name" with half a character') });
  });
});
