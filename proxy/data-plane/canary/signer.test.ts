import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Signer } from './signer.ts';

describe('what is signed for a client', () => {
  it('comes back as it was, from another proxy with the same key too', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/), (text) => {
        const signed = new Signer('arm', ['key']).sign(text);
        const there = new Signer('arm', ['key']);
        expect(there.verify(signed)).toBe(text);
        expect(there.verify(signed)).toBe(text);
      }),
    );
  });

  it('is nothing once a single letter of it is another one', () => {
    const signer = new Signer('arm', ['key']);
    const signed = signer.sign('abcdefghijklmnop');
    expect(signer.verify(signed)).not.toBeNull();
    // The last letter of 22 holds two bits that no byte needs.
    for (let at = 0; at < signed.length - 1; at += 1) {
      const other = signed[at] === 'x' ? 'y' : 'x';
      expect(signer.verify(signed.slice(0, at) + other + signed.slice(at + 1))).toBeNull();
    }
  });

  it('is not believed without a signature, with another key, or from another purpose', () => {
    const signer = new Signer('arm', ['key']);
    for (const forged of ['', '.', 'abcdefghijklmnop', 'abcdefghijklmnop.', '.AAAAAAAAAAAAAAAAAAAAAA'])
      expect(signer.verify(forged)).toBeNull();
    expect(signer.verify(new Signer('arm', ['other key']).sign('id'))).toBeNull();
    expect(signer.verify(new Signer('watermark', ['key']).sign('id'))).toBeNull();
  });

  it('is believed by the key of before as well, and signed by the new one', () => {
    const [before, after] = [new Signer('arm', ['old']), new Signer('arm', ['new', 'old'])];
    expect(after.verify(before.sign('id'))).toBe('id');
    expect(before.verify(after.sign('id'))).toBeNull();
  });
});
