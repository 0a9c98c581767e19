// Loaded with --import into a process of the product: its clock is off by as many milliseconds as the file says. Timers
// and performance.now() run on, as they do when an administrator sets the clock.
import { readFileSync } from 'node:fs';

const LOOK_MS = 50;
const file = process.env.TORTURE_CLOCK;
let offset = 0;

if (file !== undefined) {
  const look = (): void => {
    offset = Number(readFileSync(file, 'utf8')) || 0;
  };
  look();
  setInterval(look, LOOK_MS).unref();
}

const RealDate = Date;
globalThis.Date = class extends RealDate {
  static override now(): number {
    return RealDate.now() + offset;
  }

  constructor(...args: [] | [string | number | Date]) {
    if (args.length === 0) super(RealDate.now() + offset);
    else super(...(args as [string]));
  }
} as DateConstructor;
