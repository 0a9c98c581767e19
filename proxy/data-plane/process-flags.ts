/**
 * What a process is started with that carries requests. V8 gives what is young 16 MiB at most, and less at first. While many
 * requests are under way their garbage outgrows that and is kept as if it were old (5 % of the CPU time at 128 connections);
 * and each of the many collections keeps all of them waiting (a fifth of the 99th percentile at 32). Node's own code lies
 * scattered over 40 MiB: in large pages the processor finds it again faster (2 to 3 %), where there are any.
 */
export const PROCESS_FLAGS: readonly string[] = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--use-largepages=silent',
];
