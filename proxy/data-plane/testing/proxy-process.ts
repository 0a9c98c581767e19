import { startBed } from './bed.ts';
import { useAsMonolith } from './raw-http.ts';

/** A proxy in a process of its own, so that its memory is its own: forked with the monolith's url. */
const bed = await startBed();
useAsMonolith(bed, process.argv[2] ?? '');
// The system's own figure would begin at what the process that forked this one ever needed.
let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
process.on('message', () => {
  const now = process.memoryUsage.rss();
  process.send?.({ now, peak: Math.max(peak, now) });
});
process.on('disconnect', () => process.exit());
process.send?.({ url: bed.proxy.url });
