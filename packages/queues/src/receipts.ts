import { EntriesLostError } from '@ringest/core';

/** Messages that were written together, and wait for the same confirmation. */
export interface Batch {
  readonly count: number;
  /** What they take. */
  readonly bytes: number;
}

/** What becomes of batches. They are told in the order in which the batches were added. */
export interface Outcomes<B extends Batch> {
  /** All of its entries are confirmed. */
  confirmed(batch: B): void;
  /** Entries were dropped from a cache. Those that did arrive will arrive twice if the batch is written again. */
  lost(batch: B): void;
  /** Entries will not be confirmed any more. Nothing is told after it. */
  failed(error: Error): void;
}

interface Waiting<B extends Batch> {
  readonly batch: B;
  outcome: 'none' | 'confirmed' | Error;
}

/** Tells when the entries of messages are confirmed, a batch at a time. */
export class Receipts<B extends Batch> {
  readonly #barrier: () => Promise<void>;
  readonly #outcomes: Outcomes<B>;
  readonly #waiting: Waiting<B>[] = [];
  #messages = 0;
  #bytes = 0;
  #hasFailed = false;

  /** @param barrier resolves once everything written before is confirmed */
  constructor(barrier: () => Promise<void>, outcomes: Outcomes<B>) {
    this.#barrier = barrier;
    this.#outcomes = outcomes;
  }

  /** Messages that are not confirmed yet. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The batches that are not confirmed yet. */
  *batches(): Generator<B> {
    for (const { batch } of this.#waiting) yield batch;
  }

  /** Takes messages whose entries were all written before this call. */
  add(batch: B): void {
    const waiting: Waiting<B> = { batch, outcome: 'none' };
    this.#waiting.push(waiting);
    this.#messages += batch.count;
    this.#bytes += batch.bytes;
    this.#barrier().then(
      () => this.#settle(waiting, 'confirmed'),
      (error: Error) => this.#settle(waiting, error),
    );
  }

  #settle(settled: Waiting<B>, outcome: 'confirmed' | Error): void {
    settled.outcome = outcome;
    if (this.#hasFailed) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.outcome === 'none') return;
      if (first.outcome === 'confirmed') {
        this.#remove(first);
        this.#outcomes.confirmed(first.batch);
      } else if (first.outcome instanceof EntriesLostError) {
        this.#remove(first);
        this.#outcomes.lost(first.batch);
      } else {
        // The batches behind it stay unconfirmed.
        this.#hasFailed = true;
        this.#outcomes.failed(first.outcome);
        return;
      }
    }
  }

  #remove({ batch }: Waiting<B>): void {
    this.#waiting.shift();
    this.#messages -= batch.count;
    this.#bytes -= batch.bytes;
  }
}
