import { useEffect } from 'preact/hooks';
import { useAnswer, type Asked } from './use-answer.ts';

/** Asks the control API again and again while what it is for is looked at; not while the page is hidden. */
export function useRepeatedly<Answer>(
  about: string,
  everyMs: number,
  ask: () => Promise<Answer>,
): Asked<Answer> {
  const asked = useAnswer(about, ask);
  const { isAsking, at, refusal } = asked;
  useEffect(() => {
    if (isAsking) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && asked.again(), everyMs);
    return () => clearInterval(timer);
  }, [isAsking, at, refusal, everyMs]);
  return asked;
}
