export type OrderStatus = 'new' | 'paid' | 'cancelled';

/** Numbers with a point and times are texts, as the database writes them. */
export interface OrderFacts {
  number: string | null;
  customerId: number | null;
  status: OrderStatus;
  total: string;
  orderedAt: string;
  stockBooked: boolean | null;
}

export interface LineFacts {
  id: string;
  lineNumber: number;
  productId: number;
  description: string | null;
  quantity: number;
  unitPrice: string;
}

/**
 * What can happen to an order. The other `recorded` and `removed` ones tell of writes that no event led to; a payment is
 * the payments service's, and changes no row here.
 */
export type OrderEvent =
  | { kind: 'placed'; data: Omit<OrderFacts, 'status'> & { lines: LineFacts[] } }
  | { kind: 'cancelled'; data: Record<string, never> }
  | { kind: 'payment-recorded'; data: { paymentId: number; amount: string; status: 'paid' | 'refunded' } }
  | { kind: 'order-recorded'; data: OrderFacts }
  | { kind: 'order-removed'; data: Record<string, never> }
  | { kind: 'line-recorded'; data: LineFacts }
  | { kind: 'line-removed'; data: { id: string } };

/** An order as its events have made it; `facts` is null before it is there and after it is gone. */
export interface OrderState {
  facts: OrderFacts | null;
  lines: ReadonlyMap<string, LineFacts>;
}

const NOTHING: OrderState = { facts: null, lines: new Map() };

/** What the events of one order make of it. */
export const fold = (events: readonly OrderEvent[]): OrderState => events.reduce(follow, NOTHING);

function follow(state: OrderState, event: OrderEvent): OrderState {
  switch (event.kind) {
    case 'placed': {
      const { lines, ...facts } = event.data;
      return { facts: { ...facts, status: 'paid' }, lines: new Map(lines.map((line) => [line.id, line])) };
    }
    case 'cancelled':
      return { ...state, facts: state.facts && { ...state.facts, status: 'cancelled' } };
    case 'payment-recorded':
      return state;
    case 'order-recorded':
      return { ...state, facts: event.data };
    case 'order-removed':
      return { ...state, facts: null };
    case 'line-recorded':
      return { ...state, lines: new Map(state.lines).set(event.data.id, event.data) };
    case 'line-removed':
      return { ...state, lines: new Map([...state.lines].filter(([id]) => id !== event.data.id)) };
  }
}
