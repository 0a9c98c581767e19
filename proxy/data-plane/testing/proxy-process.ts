import { startBed } from './bed.ts';
import { useAsMonolith } from './raw-http.ts';

/** A proxy in a process of its own, so that its memory is its own: forked with the monolith's url. */
const bed = await startBed();
useAsMonolith(bed, process.argv[2] ?? '');
process.on('message', () => {
  // In bytes; the system counts in kibibytes.
  process.send?.({ now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 });
});
process.on('disconnect', () => process.exit());
process.send?.({ url: bed.proxy.url });
