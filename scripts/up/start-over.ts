/** A file that was opened for this process by who started it, which does not outlive the change. */
const BY_DESCRIPTOR = /^\/(?:dev|proc)\//;

/**
 * Goes on as if this process had been started with these flags of node's too, which cannot be set later: under the same
 * id, with the same output. Returns where nothing is to be done, or can be: each flag was given, or another value of it,
 * here or in NODE_OPTIONS; a parent would lose its channel; the configuration is read from a descriptor; the system, this
 * node or its permissions do not let a process replace itself.
 *
 * @param config path of strangler.yaml
 */
export function startOverWith(flags: readonly string[], config: string): void {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  const missing = flags.filter((flag) => !given.includes(nameOf(flag)));
  if (missing.length === 0 || process.connected || process.platform === 'win32') return;
  if (BY_DESCRIPTOR.test(config)) return;
  const args = [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)];
  try {
    process.execve?.(process.execPath, args);
  } catch {
    // It is a matter of speed only.
  }
}

function nameOf(flag: string): string {
  return flag.split('=', 1)[0] ?? flag;
}
