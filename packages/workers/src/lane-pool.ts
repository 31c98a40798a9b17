import { Piscina } from 'piscina';
import type { LaneTask } from './boundary.js';

/** The threads that run lanes. Several lanes may share one; each is a task that ends when it closes. */
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
    this.#threads = Array.from({ length: workers }, () => new LaneThread(lanesPerThread, onError));
  }

  /** The thread for one more lane: they are taken in turn. */
  seat(): LaneThread {
    const seat = this.#nextSeat++ % this.#threads.length;
    return this.#threads[seat] as LaneThread;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/**
 * One thread, which is replaced when it dies. It is a pool of its own: Piscina gives up a pool in
 * which a thread died before it was ready, and its queue waits for ever then.
 */
export class LaneThread {
  readonly #lanes: number;
  readonly #onError: (error: Error) => void;
  #piscina: Piscina<LaneTask, void> | undefined;

  constructor(lanes: number, onError: (error: Error) => void) {
    this.#lanes = lanes;
    this.#onError = onError;
  }

  /** Runs a lane until it is closed; rejects when the thread dies. */
  run(task: LaneTask): Promise<void> {
    const piscina = this.#alive();
    const [thread] = piscina.threads;
    // One listener a lane.
    thread?.setMaxListeners(0);
    return new Promise((resolve, reject) => {
      thread?.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
      piscina.run(task, { transferList: [task.port] }).then(resolve, reject);
    });
  }

  async close(): Promise<void> {
    await this.#piscina?.destroy();
  }

  /** A pool that has its thread. */
  #alive(): Piscina<LaneTask, void> {
    const piscina = this.#piscina;
    if (piscina !== undefined && piscina.threads.length > 0) return piscina;
    void piscina?.destroy();
    this.#piscina = this.#create();
    return this.#piscina;
  }

  #create(): Piscina<LaneTask, void> {
    const piscina = new Piscina<LaneTask, void>({
      filename: new URL('./lane-worker.js', import.meta.url).href,
      name: 'runLane',
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: this.#lanes,
      // Piscina's own waiting blocks a thread that has no task, and with it sockets that still close.
      atomics: 'disabled',
      recordTiming: false,
    });
    piscina.on('error', this.#onError);
    return piscina;
  }
}
