import type { RecordableHistogram } from 'node:perf_hooks';
import { Balancer } from '@ringest/core';
import type { SeededRandom } from '../../shared/random.js';
import { Answers } from './answers.js';
import type { FleetIndexer } from './fleet-indexer.js';
import { FleetLane, type Load } from './fleet-lane.js';
import type { VirtualTime } from './virtual-time.js';

const BATCH_BYTES = 65536;
/** A batch is committed at the end of a turn of the event loop, or sooner when it is full. */
const TURN_MS = 10;

export interface FleetIngesterOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** Gets the microseconds from when an ingester had a batch to its confirmation. */
  readonly latency: RecordableHistogram;
  /** What the meters of lanes record, which nobody reads: one for all, because each has half a megabyte. */
  readonly laneLatency: RecordableHistogram;
}

/** One process: a balancer, a lane to each indexer, and entries that come at a rate. */
export class FleetIngester {
  readonly lanes: readonly FleetLane[];
  readonly answers: Answers;
  /** Bytes that it had to send, and those that are confirmed. */
  offeredBytes = 0;
  confirmedBytes = 0;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #latency: RecordableHistogram;
  readonly #balancer: Balancer<FleetLane>;
  /** What is not in a ring, the oldest first, after so many that are. */
  #waiting: Load[] = [];
  #placed = 0;

  constructor(indexers: readonly FleetIndexer[], options: FleetIngesterOptions) {
    const { time, random, latency, laneLatency } = options;
    const { uniform } = random;
    this.#time = time;
    this.#random = random;
    this.#latency = latency;
    this.answers = new Answers(time);
    this.lanes = indexers.map(
      (indexer) => new FleetLane(this, indexer, time, uniform, laneLatency),
    );
    this.#balancer = new Balancer(this.lanes, 'expectedTime', BATCH_BYTES, {
      clock: time,
      random: uniform,
    });
  }

  /** Has so many bytes a millisecond to send from now on, beginning at some moment of its first turn. */
  start(rate: number): void {
    const interval = Math.min(TURN_MS, BATCH_BYTES / rate);
    const bytes = Math.round(rate * interval);
    const turn = () => {
      // No two processes keep step.
      this.#time.after(interval * (0.5 + this.#random.uniform()), turn);
      this.offeredBytes += bytes;
      this.#waiting.push({ bytes, since: this.#time.now() });
      this.placeWaiting();
    };
    this.#time.after(interval * this.#random.uniform(), turn);
  }

  confirmed({ bytes, since }: Load): void {
    this.confirmedBytes += bytes;
    this.#latency.record(Math.max(1, Math.round((this.#time.now() - since) * 1000)));
  }

  /** A lane was lost: what it had goes to others, before what waits. */
  displaced(loads: readonly Load[]): void {
    this.#waiting = [...loads, ...this.#waiting.slice(this.#placed)];
    this.#placed = 0;
    this.placeWaiting();
  }

  /** Writes what finds room. */
  placeWaiting(): void {
    const waiting = this.#waiting;
    for (; this.#placed < waiting.length; this.#placed++) {
      const { bytes, since } = waiting[this.#placed] as Load;
      const left = this.#write(bytes, since);
      if (left === 0) continue;
      waiting[this.#placed] = { bytes: left, since };
      return;
    }
    waiting.length = 0;
    this.#placed = 0;
  }

  /** Returns how many bytes found no room. */
  #write(bytes: number, since: number): number {
    const passedOver = new Set<FleetLane>();
    let left = bytes;
    while (left > 0) {
      const lane = this.#balancer.pick(passedOver);
      if (lane === undefined) break;
      const batch = Math.min(left, this.#balancer.batchBytes(lane));
      if (lane.hasRoom(batch)) {
        lane.write({ bytes: batch, since });
        left -= batch;
      } else {
        passedOver.add(lane);
      }
    }
    return left;
  }
}
