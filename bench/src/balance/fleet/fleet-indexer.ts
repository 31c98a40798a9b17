import { Answers } from './answers.js';
import type { FleetLane } from './fleet-lane.js';
import type { VirtualTime } from './virtual-time.js';

/**
 * An indexer that many ingesters share. It takes bytes at a rate, one batch of each connection after
 * the other, and confirms each batch some time later.
 */
export class FleetIndexer {
  /** Bytes a millisecond that it takes on its good days. */
  readonly capacity: number;
  /** It is so many times as slow as on its good days. */
  slowness = 1;
  /** How often ingesters have dialled. */
  dials = 0;
  /** Milliseconds after which a dial fails; `undefined`: it is there. */
  failsAfter: number | undefined;
  readonly lanes: FleetLane[] = [];
  readonly answers: Answers;
  readonly #time: VirtualTime;
  readonly #confirmationTime: () => number;
  /** Connections with bytes that are not taken, in the order of their turns. */
  readonly #ready = new Set<FleetLane>();
  /** What is being taken; of a lane that was lost meanwhile, it is nothing. */
  #taking: FleetLane | undefined;

  /** @param confirmationTime milliseconds from taking a batch to its confirmation, drawn for each */
  constructor(time: VirtualTime, capacity: number, confirmationTime: () => number) {
    this.#time = time;
    this.capacity = capacity;
    this.#confirmationTime = confirmationTime;
    this.answers = new Answers(time);
  }

  /** All connections are lost, and nobody can connect. */
  fail(failsAfter: number): void {
    this.failsAfter = failsAfter;
    this.#ready.clear();
    for (const lane of this.lanes) lane.lost();
  }

  /** Ingesters can connect again. */
  comeBack(): void {
    this.failsAfter = undefined;
  }

  /** A connection has bytes. */
  ready(lane: FleetLane): void {
    this.#ready.add(lane);
    if (this.#taking === undefined) this.#takeNext();
  }

  #takeNext(): void {
    const [lane] = this.#ready;
    this.#taking = lane;
    if (lane === undefined) return;
    this.#ready.delete(lane);
    this.#time.after((lane.nextBytes * this.slowness) / this.capacity, this.#taken);
  }

  readonly #taken = (): void => {
    const lane = this.#taking;
    if (lane?.isHot === true) {
      lane.taken(this.#confirmationTime() * this.slowness);
      if (lane.nextBytes > 0) this.#ready.add(lane);
    }
    this.#takeNext();
  };
}
