import { Piscina } from 'piscina';
import type { LaneTask } from './boundary.js';

/** The threads that run lanes. Several lanes may share one; each is a task that ends when it closes. */
export class LanePool {
  readonly #piscina: Piscina<LaneTask, void>;

  /**
   * @param workers threads, at least 1
   * @param lanes how many tasks there will be at a time
   * @param onError a thread failed outside any task
   */
  constructor(workers: number, lanes: number, onError: (error: Error) => void) {
    this.#piscina = new Piscina({
      filename: new URL('./lane-worker.js', import.meta.url).href,
      name: 'runLane',
      minThreads: workers,
      maxThreads: workers,
      concurrentTasksPerWorker: Math.ceil(lanes / workers),
      maxQueue: lanes,
      // Piscina's own waiting blocks a thread that has no task, and with it sockets that still close.
      atomics: 'disabled',
      recordTiming: false,
    });
    this.#piscina.on('error', onError);
  }

  /** Rejects when the worker's thread dies. */
  run(task: LaneTask): Promise<void> {
    return this.#piscina.run(task, { transferList: [task.port] });
  }

  async close(): Promise<void> {
    await this.#piscina.destroy();
  }
}
