import type { Request } from 'express';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { readBody, readId } from '../../service/http/input.ts';
import { conflict, Refusal } from '../../service/http/refusal.ts';
import type { components } from '../api.gen.ts';
import type { Answer } from '../operations.ts';
import type { Saga } from './saga.ts';
import type { Outcome } from './steps.ts';
import { takeLines } from './store.ts';

const payment = z.strictObject({ method: z.enum(['card', 'invoice', 'cash']) }) satisfies z.ZodType<
  components['schemas']['Checkout']
>;

/** The client has its order as soon as it is placed: what is authorised by then is captured behind its back. */
export async function checkOut(
  database: DataSource,
  saga: Saga,
  request: Request,
): Promise<Answer<'checkOut'>> {
  const cartId = readId(request);
  const { method } = readBody(request, payment);
  const reserved = await saga.advance(await takeLines(database, cartId, method));
  const last =
    reserved.outcome.is === 'reserved' ? await saga.step(reserved.checkout) : { ...reserved, written: null };
  const { checkout, outcome, written } = last;
  // What is authorised is captured behind the client's back, or given back: what fails there is the worker's.
  const settled = Promise.resolve(written).then(() => saga.advance(checkout));
  settled.catch(() => undefined);
  // An order that is placed is one, written down here or not: whoever finds the checkout asks for it again and gets it.
  // That it came to nothing is said when nobody can order for it any more.
  if (outcome.is !== 'ordered') await written;
  return answerOf(outcome);
}

function answerOf(outcome: Outcome): Answer<'checkOut'> {
  switch (outcome.is) {
    case 'ordered':
      return { status: 201, location: `/api/orders/${outcome.order.id}`, body: outcome.order };
    case 'refused':
      throw conflict(`The checkout is taken back: ${outcome.why}`);
    case 'late':
      throw new Refusal(503, 'checkout_late', `The checkout is taken back: ${outcome.why}.`);
    case 'reserved':
    case 'captured':
    case 'undone':
      throw new Error(`a checkout does not end with "${outcome.is}"`);
  }
}
