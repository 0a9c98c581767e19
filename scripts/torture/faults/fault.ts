import type { Random } from '../random.ts';
import type { Scene } from '../scene.ts';

/** One kind of thing that goes wrong. It has mended itself when it ends. */
export interface Fault {
  kind: string;
  /** It takes away what is on the service's side, and with it what could be wrong there. */
  beginsAnew?: true;
  /** Does it, and tells in a few words what it did. */
  strike(scene: Scene, random: Random): Promise<string>;
}
