import { rmSync } from 'node:fs';

export default async function globalTeardown() {
  const started = globalThis.stranglerTestServer;
  if (!started) return;
  await started.server.stop();
  rmSync(started.folder, { recursive: true, force: true });
}
