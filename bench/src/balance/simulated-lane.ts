import { createHistogram } from 'node:perf_hooks';
import { MeteredLane, SOCKET_BYTES } from './metered-lane.js';

/** A batch on its way; times in milliseconds. */
interface Batch {
  readonly bytes: number;
  /** When the ingester had it. */
  readonly since: number;
  /** When the lane hands it to its socket. */
  readonly sentAt: number;
  readonly confirmedAt: number;
}

/**
 * A lane to an indexer that takes bytes at a rate, one batch after the other, and confirms each some
 * time later, in order.
 */
export class SimulatedLane extends MeteredLane {
  readonly isHot = true;
  /** Bytes a millisecond that the indexer takes on its good days. */
  readonly capacity: number;
  /** The indexer is so many times as slow as on its good days. */
  slowness = 1;
  readonly #confirmationTime: () => number;
  readonly #batches: Batch[] = [];
  #oldest = 0;
  /** When the indexer has taken everything that is on its way. */
  #takenAt = 0;
  #confirmedAt = 0;

  /** @param confirmationTime milliseconds from taking a batch to its confirmation, drawn for each */
  constructor(capacity: number, confirmationTime: () => number) {
    super(createHistogram());
    this.capacity = capacity;
    this.#confirmationTime = confirmationTime;
  }

  /** When the next batch is confirmed; `Infinity`: nothing is on its way. */
  get nextConfirmation(): number {
    return this.#batches[this.#oldest]?.confirmedAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a batch that the ingester has had since a time. */
  write(bytes: number, since: number, now: number): void {
    this.written(bytes, now);
    const rate = this.capacity / this.slowness;
    const start = Math.max(now, this.#takenAt);
    const sentAt = Math.max(now, start - SOCKET_BYTES / rate);
    this.#takenAt = start + bytes / rate;
    const confirmedAt = this.#takenAt + this.#confirmationTime() * this.slowness;
    this.#confirmedAt = Math.max(this.#confirmedAt, confirmedAt);
    this.#batches.push({ bytes, since, sentAt, confirmedAt: this.#confirmedAt });
    this.#lookForMore(now);
  }

  /** The oldest batch is confirmed. Returns how long the ingester had it. */
  confirm(now: number): number {
    const { bytes, since, sentAt } = this.#batches[this.#oldest++] as Batch;
    this.meter.acknowledged(sentAt, now);
    this.confirmed(bytes, now);
    this.#lookForMore(now);
    if (this.#oldest === this.#batches.length) {
      this.#batches.length = 0;
      this.#oldest = 0;
    } else if (this.#oldest > 4096) {
      this.#batches.splice(0, this.#oldest);
      this.#oldest = 0;
    }
    return now - since;
  }

  #lookForMore(now: number): void {
    const isAllSent = (this.#batches.at(-1)?.sentAt ?? 0) <= now;
    if (isAllSent) this.meter.ranDry();
  }
}
