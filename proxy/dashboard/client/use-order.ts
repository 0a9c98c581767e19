import { useState } from 'preact/hooks';
import { Refused, type answerOf } from './call.ts';
import { placeOrder } from './place-order.ts';

export interface Placed {
  isUnderWay: boolean;
  refusal: Refused | null;
}

/** An order behind a button: places it once, and keeps why it was refused. */
export function useOrder(): [
  Placed,
  <Answer>(
    ask: (header: { 'idempotency-key': string }) => Parameters<typeof answerOf<Answer>>[0],
    done?: (answer: Answer) => void,
  ) => void,
] {
  const [placed, setPlaced] = useState<Placed>({ isUnderWay: false, refusal: null });
  return [
    placed,
    (ask, done) => {
      setPlaced({ isUnderWay: true, refusal: null });
      placeOrder(ask).then(
        (answer) => {
          setPlaced({ isUnderWay: false, refusal: null });
          done?.(answer);
        },
        (error: unknown) => {
          if (!(error instanceof Refused)) throw error;
          setPlaced({ isUnderWay: false, refusal: error });
        },
      );
    },
  ];
}
