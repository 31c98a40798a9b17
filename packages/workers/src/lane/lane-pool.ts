import type { LaneTask } from '../messages.js';
import { WorkerThread } from '../thread/worker-thread.js';

const RUN_LANE = { file: new URL('../worker/lane-worker.js', import.meta.url), name: 'runLane' };

/** A thread that runs lanes: each is a task that ends when it closes. */
export type LaneThread = WorkerThread<LaneTask>;

/** The threads that run lanes. Several lanes may share one. */
export class LanePool {
  readonly #threads: readonly LaneThread[];
  #lanes = 0;

  /**
   * @param workers threads, at least 1
   * @param lanes the most lanes at a time
   * @param onError called when a thread fails outside of any task
   */
  constructor(workers: number, lanes: number, onError: (error: Error) => void) {
    const lanesPerThread = Math.ceil(lanes / workers);
    const create = () => new WorkerThread<LaneTask>(RUN_LANE, lanesPerThread, onError);
    this.#threads = Array.from({ length: workers }, create);
  }

  /** The thread for one more lane. Lanes get the threads in turn. */
  assign(): LaneThread {
    const index = this.#lanes++ % this.#threads.length;
    return this.#threads[index] as LaneThread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
