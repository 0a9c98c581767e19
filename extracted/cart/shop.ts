import { Refusal } from '../service/http/refusal.ts';
import { calling } from '../service/traces.ts';

const ANSWER_MS = 2000;

/** What a cart needs to know of a product; the names are those of the shop's public contract. */
export interface Product {
  id: number;
  sku: string;
  name: string | null;
  price: string;
  status: string;
}

/** The rest of the shop, asked as any client asks it: through the proxy, which knows who answers what. */
export class Shop {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @returns null where there is no such product */
  product(id: number): Promise<Product | null> {
    return this.#get<Product>(`/api/products/${id}`);
  }

  /** Those of the products that there are, by id. */
  async products(ids: readonly number[]): Promise<Map<number, Product>> {
    const found = await Promise.all(ids.map((id) => this.product(id)));
    return new Map(found.flatMap((product) => (product ? [[product.id, product] as const] : [])));
  }

  async hasCustomer(id: number): Promise<boolean> {
    return (await this.#get(`/api/customers/${id}`)) !== null;
  }

  #get<T>(path: string): Promise<T | null> {
    return calling(`GET ${path.replace(/\d+$/, '{id}')}`, async (headers) => {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const answer = await fetch(`${this.#url}${path}`, { headers, signal }).catch((error: Error) => {
        throw unavailable(`${path} did not answer: ${error.message}`);
      });
      if (answer.status === 404) return null;
      if (!answer.ok) throw unavailable(`${path} answered ${answer.status}`);
      return (await answer.json()) as T;
    });
  }
}

const unavailable = (why: string) => new Refusal(503, 'shop_unavailable', `The rest of the shop: ${why}.`);
