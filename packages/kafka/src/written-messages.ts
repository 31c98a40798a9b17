import { type Batch, Receipts } from '@ringest/queues';
import { counts, type WrittenRange } from './assigned-partitions.js';
import type { Committer } from './committer.js';

/** Messages whose entries wait for the same confirmation, about. */
const GROUP = 1000;

/** What was written together. */
interface WrittenRanges extends Batch {
  readonly ranges: readonly WrittenRange[];
}

interface Listeners {
  /** Fewer messages are here. */
  changed(): void;
  /** Entries were dropped from a cache. Kafka still has their messages. */
  lost(range: WrittenRange): void;
  /** Entries will not be confirmed any more. */
  failed(error: Error): void;
}

/** Messages from their writing until their offsets are committed. */
export class WrittenMessages {
  readonly #receipts: Receipts<WrittenRanges>;
  readonly #committer: Committer;
  #open: WrittenRange[] = [];
  #openCount = 0;
  #openBytes = 0;
  #retried = 0;

  /** @param barrier resolves once everything written before is confirmed */
  constructor(barrier: () => Promise<void>, committer: Committer, listeners: Listeners) {
    this.#committer = committer;
    this.#receipts = new Receipts(barrier, {
      confirmed: ({ ranges }) => {
        for (const range of ranges) this.#confirm(range);
        listeners.changed();
      },
      lost: ({ ranges, count }) => {
        this.#retried += count;
        for (const range of ranges) listeners.lost(range);
        listeners.changed();
      },
      failed: listeners.failed,
    });
  }

  /** Messages that are not committed yet. */
  get count(): number {
    return this.#openCount + this.#receipts.messages + this.#committer.messages;
  }

  /** Bytes of messages whose entries are not confirmed yet. */
  get bytes(): number {
    return this.#openBytes + this.#receipts.bytes;
  }

  /** Messages that will be delivered again, here or elsewhere. */
  get retried(): number {
    return this.#retried + this.#committer.dropped;
  }

  /** Takes messages whose entries were just written. Those of a turn of the event loop wait together. */
  add(range: WrittenRange, bytes: number): void {
    if (this.#open.length === 0) setImmediate(this.seal);
    this.#open.push(range);
    this.#openCount += range.count;
    this.#openBytes += bytes;
    if (this.#openCount >= GROUP) this.seal();
  }

  /** Lets what was added since the last call wait for its confirmation. */
  readonly seal = (): void => {
    if (this.#open.length === 0) return;
    const written = { ranges: this.#open, count: this.#openCount, bytes: this.#openBytes };
    this.#open = [];
    this.#openCount = 0;
    this.#openBytes = 0;
    this.#receipts.add(written);
  };

  #confirm(range: WrittenRange): void {
    if (counts(range)) this.#committer.add(range);
    else this.#retried += range.count;
  }
}
