import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAnswerHead } from './answer-head.ts';

const read = (lines: string, { status = '200 OK', version = '1.1', method = 'GET' } = {}) =>
  readAnswerHead(`HTTP/${version} ${status}\r\n${lines}\r\n`, method);

describe('the head of an answer', () => {
  it('is read for what it says', () => {
    const answer = read(
      'Content-Type: text/html\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nDate: now\r\nContent-Length: 12\r\n',
      { status: '404 Not Found' },
    );
    expect(answer).toMatchObject({
      status: 404,
      phrase: 'Not Found',
      kept: 'Content-Type: text/html\r\nDate: now\r\nContent-Length: 12\r\n',
      framing: { kind: 'length', bytes: 12 },
      hasDate: true,
      needsWork: false,
      keptForMs: 4000,
    });
    expect(answer?.lines.get('content-type')).toBe('text/html');
  });

  it('says where its body ends', () => {
    expect(read('Transfer-Encoding: Chunked\r\n')?.framing).toEqual({ kind: 'chunks' });
    expect(read('X-A: b\r\n')?.framing).toEqual({ kind: 'end' });
    expect(read('Content-Length: 0\r\n')?.framing).toEqual({ kind: 'length', bytes: 0 });
    const length = 'Content-Length: 5\r\n';
    expect(read(length, { method: 'HEAD' })?.framing).toEqual({ kind: 'none' });
    for (const status of ['103 Early Hints', '204 No Content', '304 Not Modified'])
      expect(read(length, { status })?.framing).toEqual({ kind: 'none' });
  });

  it('says whether its connection can be used again', () => {
    const length = 'Content-Length: 0\r\n';
    expect(read(length)?.keptForMs).toBeNull();
    expect(read(`${length}Connection: X-A, close\r\n`)?.keptForMs).toBe(0);
    expect(read(`${length}Connection: keep-alive\r\nConnection: close\r\n`)?.keptForMs).toBe(0);
    expect(read(`${length}Keep-Alive: timeout=1\r\n`)?.keptForMs).toBe(0);
    expect(read(length, { version: '1.0' })?.keptForMs).toBe(0);
    expect(read('')?.keptForMs).toBe(0);
  });

  it('may have a phrase that nobody can write, which is left out, or none', () => {
    expect(read('', { status: '200 O\x01K' })?.phrase).toBe('');
    expect(read('', { status: '200' })?.phrase).toBe('');
    expect(read('', { status: '200 ' })?.phrase).toBe('');
  });

  it.each([
    ['both lengths', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n'],
    ['the same length twice', 'Content-Length: 3\r\ncontent-length: 3\r\n'],
    ['a list of lengths', 'Content-Length: 3, 3\r\n'],
    ['a length with a sign', 'Content-Length: +3\r\n'],
    ['an empty length', 'Content-Length:\r\n'],
    ['another coding', 'Transfer-Encoding: gzip, chunked\r\n'],
    ['a coding twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
    ['a folded line', 'X-A: b\r\n c\r\n'],
    ['a bare CR', 'X-A: b\rc\r\n'],
    ['a bare LF', 'X-A: b\nX-B: c\r\n'],
    ['a null byte', 'X-A: b\0\r\n'],
    ['a blank before the colon', 'X-A : b\r\n'],
    ['a line without a colon', 'X-A\r\n'],
  ])('is none that could be read in two ways: %s', (_name, lines) => {
    expect(read(lines)).toBeNull();
  });

  it('is none with chunks in HTTP/1.0, of another protocol, or with an impossible status', () => {
    expect(read('Transfer-Encoding: chunked\r\n', { version: '1.0' })).toBeNull();
    expect(read('', { version: '2.0' })).toBeNull();
    for (const status of ['20 OK', '2000 OK', '099 No', 'abc No', '200\tOK'])
      expect(read('', { status })).toBeNull();
  });

  it('lets everything go on but what is of this hop, whatever it is', () => {
    const name = fc.stringMatching(/^x-[a-z]{1,8}$/);
    const value = fc.stringMatching(/^[!-~]([ -~\x80-\xff]{0,10}[!-~])?$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.nat(), (pairs, at) => {
        const lines = pairs.map((pair) => `${pair.join(': ')}\r\n`);
        const kept = lines.join('');
        lines.splice(
          at % (lines.length + 1),
          0,
          'Connection: keep-alive\r\n',
          'Transfer-Encoding: chunked\r\n',
        );
        expect(read(lines.join(''))?.kept).toBe(kept);
        expect(read(lines.join(''))?.lines.pairs()).toHaveLength(pairs.length + 2);
      }),
    );
  });
});
