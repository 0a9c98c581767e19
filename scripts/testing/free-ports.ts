import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Ports on loopback that nobody has. All are held at the same time, so that none is given out twice. */
export async function freePorts<Count extends number>(howMany: Count): Promise<PortsOf<Count>> {
  const probes = Array.from({ length: howMany }, () => createServer());
  await Promise.all(probes.map((probe) => once(probe.listen(0, '127.0.0.1'), 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => new Promise((done) => probe.close(done))));
  return ports as PortsOf<Count>;
}

type PortsOf<Count extends number, Ports extends number[] = []> = number extends Count
  ? number[]
  : Ports['length'] extends Count
    ? Ports
    : PortsOf<Count, [...Ports, number]>;
