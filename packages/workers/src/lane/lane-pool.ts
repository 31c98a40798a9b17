import type { LaneTask } from '../messages.js';
import { WorkerThread } from '../thread/worker-thread.js';

const RUN_LANE = { file: new URL('../worker/lane-worker.js', import.meta.url), name: 'runLane' };

/** A thread that runs lanes: each is a task that ends when it closes. */
export type LaneThread = WorkerThread<LaneTask>;

/** The threads that run lanes. Several lanes may share one. */
export class LanePool {
  readonly #threads: readonly LaneThread[];
  #nextSeat = 0;

  /**
   * @param workers threads, at least 1
   * @param lanes how many tasks there will be at a time
   * @param onError a thread failed outside any task
   */
  constructor(workers: number, lanes: number, onError: (error: Error) => void) {
    const lanesPerThread = Math.ceil(lanes / workers);
    const create = () => new WorkerThread<LaneTask>(RUN_LANE, lanesPerThread, onError);
    this.#threads = Array.from({ length: workers }, create);
  }

  /** The thread for one more lane: they are taken in turn. */
  assign(): LaneThread {
    const seat = this.#nextSeat++ % this.#threads.length;
    return this.#threads[seat] as LaneThread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
