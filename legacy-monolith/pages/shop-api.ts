import { Refusal } from '../http/refusal.ts';

/** Longer than the proxy keeps a write waiting while a capability changes its owner. */
const ANSWER_MS = 5000;

export interface Cart {
  id: number;
  lines: {
    id: number;
    productId: number;
    name: string | null;
    quantity: number;
    unitPrice: string;
    lineTotal: string;
  }[];
  total: string;
}

export interface Order {
  id: number;
  number: string | null;
  customerId: number | null;
  status: string;
  total: string;
  orderedAt: string;
  lines: {
    lineNumber: number;
    productId: number;
    description: string | null;
    quantity: number;
    unitPrice: string;
  }[];
}

export interface Payment {
  id: number;
  method: string;
  amount: string;
  status: string;
}

/** The shop's own API, asked as any client asks it: through the proxy, once there is one, which knows who answers. */
export class ShopApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws Refusal with what the shop said, whoever said it */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch(() => {
      throw new Refusal(503, 'shop_unavailable', 'The shop is very busy. Try again in a moment.');
    });
    const said = (await answer.json().catch(() => null)) as T;
    if (!answer.ok) throw refusalOf(answer.status, said);
    return said;
  }
}

/** Applications say what is wrong in `error.message`; what only a developer could make use of is not shown. */
function refusalOf(status: number, said: unknown): Refusal {
  if (status >= 500)
    return new Refusal(503, 'shop_unavailable', 'The shop is very busy. Try again in a moment.');
  const { error } = (said ?? {}) as { error?: { code?: string; message?: string } };
  return new Refusal(status, error?.code ?? 'refused', error?.message ?? 'The shop refused this.');
}
