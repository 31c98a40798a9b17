import type { RecordableHistogram } from 'node:perf_hooks';
import type { Candidate } from '@ringest/core';
import { CONTROL_WORDS, Control, Meter } from '@ringest/workers';

/** Bytes that the operating systems between a lane and its indexer hold. */
export const SOCKET_BYTES = 262_144;
export const RING_BYTES = 16 * 1024 * 1024;

/** A lane of a simulation. What a balancer sees of it is published by the meter of real lanes. */
export abstract class MeteredLane implements Candidate {
  abstract readonly isHot: boolean;
  readonly throttledFor = 0;
  protected readonly meter: Meter;
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  #writtenBytes = 0;
  #unconfirmedBytes = 0;

  /** @param histogram of latencies, for the meter */
  constructor(histogram: RecordableHistogram) {
    this.meter = new Meter(this.#control, histogram);
  }

  get rate(): number {
    return Atomics.load(this.#control, Control.rate);
  }

  get ackLatency(): number {
    return Atomics.load(this.#control, Control.latency) / 1000;
  }

  /** Bytes that were written to it. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  unconfirmedBytes(): number {
    return this.#unconfirmedBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#unconfirmedBytes + bytes <= RING_BYTES;
  }

  /** Bytes are written at a time. */
  protected written(bytes: number, now: number): void {
    if (this.#unconfirmedBytes === 0) this.meter.busy(now);
    this.#unconfirmedBytes += bytes;
    this.#writtenBytes += bytes;
  }

  /** Bytes are confirmed at a time. */
  protected confirmed(bytes: number, now: number): void {
    this.#unconfirmedBytes -= bytes;
    this.meter.confirmed(bytes, now);
  }

  /** What is unconfirmed is somebody else's now. */
  protected emptied(): void {
    this.#unconfirmedBytes = 0;
  }
}
