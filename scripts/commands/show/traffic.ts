import { comparedSides } from '../../../proxy/dashboard/facts/comparing-sides.ts';
import { duration } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';
import { table } from './table.ts';

/** Old against new: rate, errors and latency of both sides, reads and writes apart. */
export function trafficInWords(traffic: Schemas['MigrationTraffic'], screen: Screen): string {
  const [reads, writes] = [comparedSides(traffic, 'reads'), comparedSides(traffic, 'writes')];
  const rows = reads.map((read, at) => {
    const write = writes[at] ?? read;
    const fresh = ({ service, isWorse }: typeof read): string =>
      isWorse ? screen.paint('red', `${service} !`) : service;
    return [read.name, read.monolith, fresh(read), write.monolith, fresh(write)];
  });
  const head = ['', 'READS MONOLITH', 'SERVICE', 'WRITES MONOLITH', 'SERVICE'];
  return [
    `Old against new, over the last ${duration(traffic.windowSeconds)}:`,
    table(
      head.map((name) => screen.paint('bold', name)),
      rows,
    ),
  ].join('\n');
}
