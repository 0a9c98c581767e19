/** Nothing was written, for certain: refused by the fence or another rule of the database, or nothing was there. */
export class NotDoneError extends Error {
  readonly isFenced: boolean;
  constructor(why: string, isFenced = false) {
    super(why);
    this.name = 'NotDoneError';
    this.isFenced = isFenced;
  }
}

/**
 * Before the COMMIT was sent, whatever went wrong undid the transaction.
 *
 * @param isFenced whether the database's words are those of the fence
 */
export const notDone = (error: unknown, isFenced: (error: Error) => boolean): NotDoneError => {
  if (error instanceof NotDoneError) return error;
  return error instanceof Error
    ? new NotDoneError(error.message, isFenced(error))
    : new NotDoneError(String(error));
};
