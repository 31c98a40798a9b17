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

  /** The thread for one more lane: a new one while there may be more, else the one with the fewest lanes. */
  assign(): LaneThread {
    const thread = this.#threads.size < this.#workers ? this.#create() : this.#leastUsed();
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

  #create(): LaneThread {
    for (const [thread, lanes] of this.#threads) if (lanes === 0) return thread;
    return new WorkerThread<LaneTask>(RUN_LANE, MAX_LANES, this.#onError);
  }

  #leastUsed(): LaneThread {
    const [[first], ...others] = [...this.#threads] as [
      [LaneThread, number],
      ...[LaneThread, number][],
    ];
    let least = first;
    for (const [thread, lanes] of others) {
      if (lanes < (this.#threads.get(least) ?? 0)) least = thread;
    }
    return least;
  }
}
