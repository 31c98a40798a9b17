import type { WaitOptions } from '../wait.js';
import { type Receipts, withDeadline } from './receipts.js';

/** Gives writes their receipts in the order of the writes, even if some of them wait for room first. */
export class WriteReceipts {
  readonly #receipts: Receipts;
  readonly #joined: () => void;
  /** How many writes wait for room, with all of their entries or some. */
  #waitingForRoom = 0;

  /** @param joined called for each write that gets a receipt, once its entries have found room */
  constructor(receipts: Receipts, joined: () => void) {
    this.#receipts = receipts;
    this.#joined = joined;
  }

  get isAnyWaitingForRoom(): boolean {
    return this.#waitingForRoom > 0;
  }

  /**
   * Returns a promise that resolves when all that was written so far is stored, or confirmed.
   * @param entries how many entries the write has. They stay accepted when its wait is abandoned
   */
  receipt(entries: number, options: WaitOptions = {}): Promise<void> {
    // An earlier write may have found room, and its promise has not resolved yet: keep the order.
    if (this.#waitingForRoom > 0) return this.receiptAfter(Promise.resolve(), entries, options);
    this.#joined();
    return withDeadline(this.#receipts.current, entries, options);
  }

  /** Returns the same promise for a write that waits for room first. */
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options: WaitOptions = {},
  ): Promise<void> {
    if (room === undefined) return this.receipt(entries, options);
    const { timeout, signal } = options;
    const end = performance.now() + (timeout ?? Number.POSITIVE_INFINITY);
    this.#waitingForRoom++;
    const join = (resolve: () => void, reject: (error: unknown) => void) => {
      this.#waitingForRoom--;
      this.#joined();
      this.#receipts.join({ resolve, reject });
    };
    return new Promise((resolve, reject) => {
      const hasRoom = () => {
        const left = timeout && Math.max(1, end - performance.now());
        if (left === undefined && signal === undefined) return join(resolve, reject);
        const receipt = new Promise<void>(join);
        return withDeadline(receipt, entries, { timeout: left, signal }).then(resolve, reject);
      };
      room.then(hasRoom, (error) => {
        this.#waitingForRoom--;
        reject(error);
      });
    });
  }
}
