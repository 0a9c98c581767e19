import { useEffect, useRef, useState } from 'preact/hooks';
import { Refused } from './call.ts';

export interface Asked<Answer> {
  /** The last answer; kept while a new one is asked for, and when that is refused. */
  answer: Answer | null;
  /** When it came, in milliseconds since 1970. */
  at: number;
  refusal: Refused | null;
  isAsking: boolean;
  again: () => void;
}

/** Asks the control API, and anew whenever `about` is another; an answer that was overtaken is dropped. */
export function useAnswer<Answer>(about: string, ask: () => Promise<Answer>): Asked<Answer> {
  const [state, setState] = useState<Omit<Asked<Answer>, 'again'>>(NOTHING);
  const [turn, setTurn] = useState(0);
  const newest = useRef(0);
  useEffect(() => {
    const mine = (newest.current += 1);
    const isNewest = () => newest.current === mine;
    setState((before) => ({ ...before, isAsking: true }));
    ask().then(
      (answer) => isNewest() && setState({ answer, at: Date.now(), refusal: null, isAsking: false }),
      (error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        if (isNewest()) setState((before) => ({ ...before, refusal: error, isAsking: false }));
      },
    );
    return () => void (newest.current += 1);
  }, [about, turn]);
  return { ...state, again: () => setTurn((before) => before + 1) };
}

const NOTHING = { answer: null, at: 0, refusal: null, isAsking: false };
