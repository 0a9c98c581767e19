import type { Change, Phase } from '../../../proxy/dashboard/facts/change-of-owner.ts';
import { count, duration, milliseconds } from '../../../proxy/dashboard/words.ts';
import type { Schemas } from '../client.ts';
import type { Screen } from './screen.ts';

const MARKS = { done: '✓', doing: '→', failed: '✗', ahead: '·' } as const;
const COLOURS = { done: 'green', doing: 'yellow', failed: 'red', ahead: 'gray' } as const;

/** A change of owner, a line for each step with the time that it took, and how long new writes have been waiting. */
export function changeInWords({ phases, writesWaitMs }: Change, screen: Screen): string[] {
  return [
    ...phases.map((phase) => phaseInWords(phase, screen)),
    ...(writesWaitMs === null ? [] : [`New writes have been waiting for ${milliseconds(writesWaitMs)}.`]),
  ];
}

function phaseInWords({ words, state, tookMs, reason }: Phase, screen: Screen): string {
  const took = tookMs === null ? '' : `, ${milliseconds(tookMs)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${screen.paint(COLOURS[state], MARKS[state])} ${words}${took}${why}`;
}

/** How the newest change of owner ended, and how long writes really waited. */
export function lastChangeInWords({ verb, by, at, result, writesWaited }: Schemas['LastChange']): string {
  const ago = `${duration(Math.max(0, (Date.now() - Date.parse(at)) / 1000))} ago`;
  return `${verb} by ${by}, ${ago}: ${result}${writesWaited === null ? '' : `; ${waitedInWords(writesWaited)}`}`;
}

function waitedInWords({ count: many, p50, max }: Schemas['WritesWaited']): string {
  const writes = `${count(many)} ${many === 1 ? 'write' : 'writes'} waited`;
  return `${writes}, ${milliseconds(p50)} at the median, ${milliseconds(max)} at most`;
}
