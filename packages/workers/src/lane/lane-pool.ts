import type { LaneTask } from '../messages.js';
import { WorkerThread } from '../thread/worker-thread.js';

const RUN_LANE = { file: new URL('../worker/lane-worker.js', import.meta.url), name: 'runLane' };

/** The most lanes of one thread: more than there can be. */
const MAX_LANES = 2 ** 20;

/** A thread that runs lanes: each is a task that ends when it closes. */
export type LaneThread = WorkerThread<LaneTask>;

/** The threads that run lanes. Several lanes may share one. */
export class LanePool {
  /** How many lanes each thread has. */
  readonly #threads = new Map<LaneThread, number>();
  readonly #workers: number;
  readonly #onError: (error: Error) => void;

  /**
   * @param workers the most threads, at least 1
   * @param onError called when a thread fails outside of any task
   */
  constructor(workers: number, onError: (error: Error) => void) {
    this.#workers = workers;
    this.#onError = onError;
  }

  /**
   * The thread for one more lane: one without lanes, else a new one while there may be more, else the one
   * with the fewest.
   */
  assign(): LaneThread {
    const [least, lanes] = this.#leastUsed();
    const takesLeast = least !== undefined && (lanes === 0 || this.#threads.size === this.#workers);
    const thread = takesLeast
      ? least
      : new WorkerThread<LaneTask>(RUN_LANE, MAX_LANES, this.#onError);
    this.#threads.set(thread, (this.#threads.get(thread) ?? 0) + 1);
    return thread;
  }

  /** A thread has one lane less. */
  release(thread: LaneThread): void {
    this.#threads.set(thread, Math.max(0, (this.#threads.get(thread) ?? 0) - 1));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads.keys()].map((thread) => thread.close()));
  }

  /** The thread with the fewest lanes, and how many those are; `undefined`: there is no thread. */
  #leastUsed(): [thread: LaneThread | undefined, lanes: number] {
    let least: [LaneThread | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const [thread, lanes] of this.#threads) if (lanes < least[1]) least = [thread, lanes];
    return least;
  }
}
