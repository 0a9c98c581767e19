import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PartSettings, Role } from '../testing/part.ts';
import { Part } from '../testing/part.ts';
import type { Relay } from './relay/relay.ts';
import type { ServerName } from './servers.ts';

const CLOCK = pathToFileURL(join(import.meta.dirname, 'clock.ts')).href;

/** To the broker only where changes travel by one. */
export type Wires = Readonly<Record<ServerName, Relay>> & { readonly broker?: Relay };

/** A process of the product with wires and a clock of its own. */
export class WiredPart extends Part {
  readonly wires: Wires;
  private readonly clockFile: string;

  constructor(name: string, role: Role, wires: Wires, settings: PartSettings) {
    const { env, folder } = settings;
    const clockFile = join(folder, `${name}.clock`);
    const urls = {
      MONOLITH_DATABASE_URL: wires.monolith.urlOf(env.MONOLITH_DATABASE_URL ?? ''),
      SERVICE_DATABASE_URL: wires.service.urlOf(env.SERVICE_DATABASE_URL ?? ''),
      CONTROL_STORE: wires.control.urlOf(env.CONTROL_STORE ?? ''),
      ...(wires.broker && { AMQP_URL: wires.broker.urlOf(env.AMQP_URL ?? '') }),
    };
    super(name, role, { ...settings, env: { ...env, ...urls, TORTURE_CLOCK: clockFile }, imports: [CLOCK] });
    this.wires = wires;
    this.clockFile = clockFile;
    this.setClock(0);
  }

  setClock(offsetMs: number): void {
    writeFileSync(this.clockFile, String(offsetMs));
  }
}
