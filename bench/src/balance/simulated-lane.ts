import { createHistogram } from 'node:perf_hooks';
import type { Candidate } from '@ringest/core';
import { CONTROL_WORDS, Control, Meter } from '@ringest/workers';

/** Bytes that the operating systems between a lane and its indexer hold. */
const SOCKET_BYTES = 262144;
const RING_BYTES = 16 * 1024 * 1024;

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
 * time later, in order. What the balancer sees of it is published by the meter of real lanes.
 */
export class SimulatedLane implements Candidate {
  readonly isHot = true;
  readonly throttledFor = 0;
  /** Bytes a millisecond that the indexer takes on its good days. */
  readonly capacity: number;
  /** Bytes that were written to it. */
  writtenBytes = 0;
  /** The indexer is so many times as slow as on its good days. */
  slowness = 1;
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  readonly #meter = new Meter(this.#control, createHistogram());
  readonly #confirmationTime: () => number;
  readonly #batches: Batch[] = [];
  #oldest = 0;
  #unconfirmed = 0;
  /** When the indexer has taken everything that is on its way. */
  #takenAt = 0;
  #confirmedAt = 0;

  /** @param confirmationTime milliseconds from taking a batch to its confirmation, drawn for each */
  constructor(capacity: number, confirmationTime: () => number) {
    this.capacity = capacity;
    this.#confirmationTime = confirmationTime;
  }

  get rate(): number {
    return Atomics.load(this.#control, Control.rate);
  }

  get ackLatency(): number {
    return Atomics.load(this.#control, Control.latency) / 1000;
  }

  unconfirmedBytes(): number {
    return this.#unconfirmed;
  }

  hasRoom(bytes: number): boolean {
    return this.#unconfirmed + bytes <= RING_BYTES;
  }

  /** When the next batch is confirmed; `Infinity`: nothing is on its way. */
  get nextConfirmation(): number {
    return this.#batches[this.#oldest]?.confirmedAt ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a batch that the ingester has had since a time. */
  write(bytes: number, since: number, now: number): void {
    if (this.#unconfirmed === 0) this.#meter.busy(now);
    const rate = this.capacity / this.slowness;
    const start = Math.max(now, this.#takenAt);
    const sentAt = Math.max(now, start - SOCKET_BYTES / rate);
    this.#takenAt = start + bytes / rate;
    const confirmedAt = this.#takenAt + this.#confirmationTime() * this.slowness;
    this.#confirmedAt = Math.max(this.#confirmedAt, confirmedAt);
    this.#batches.push({ bytes, since, sentAt, confirmedAt: this.#confirmedAt });
    this.#unconfirmed += bytes;
    this.writtenBytes += bytes;
    this.#lookForMore(now);
  }

  /** The oldest batch is confirmed. Returns how long the ingester had it. */
  confirm(now: number): number {
    const { bytes, since, sentAt } = this.#batches[this.#oldest++] as Batch;
    this.#unconfirmed -= bytes;
    this.#meter.acknowledged(sentAt, now);
    this.#meter.confirmed(bytes, now);
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
    if (isAllSent) this.#meter.ranDry();
  }
}
