// Loaded with --import into the applications that the demo starts, which know nothing of it: should the demo be
// killed, they must not stay behind.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The listener alone would keep the process alive after it has ended its work.
process.channel?.unref();
