import { Agent, request } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { UpstreamTimeout } from './problems.ts';
import { limitTime } from './time-limits.ts';

it('gives up a connection that does not come about, and says which limit it was', async () => {
  // Loopback refuses or accepts at once, so the connection that never stands is made by hand.
  const agent = new Agent();
  const socket = new Socket();
  Object.defineProperty(socket, 'connecting', { value: true });
  agent.createConnection = () => socket;
  const req = request({ host: '127.0.0.1', port: 1, agent });
  req.once('socket', () =>
    limitTime(
      req,
      { connectMs: 20, firstByteMs: 10_000, idleMs: 10_000, streamIdleMs: 10_000, continueMs: 10_000 },
      () => false,
    ),
  );
  req.end();
  const error = await new Promise<Error>((resolve) => req.once('error', resolve));
  expect(error).toBeInstanceOf(UpstreamTimeout);
  expect(error).toMatchObject({ limit: 'connect', ms: 20 });
  agent.destroy();
});
