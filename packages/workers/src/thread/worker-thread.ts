import type { MessagePort, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { explainLimit } from '../system-limit.js';

/** What a thread runs. */
export interface TaskKind {
  /** The module that exports the task. */
  readonly file: URL;
  /** The name of the function that is the task. */
  readonly name: string;
}

/**
 * One thread, which is replaced when it dies. It is a pool of its own: Piscina gives up a pool in
 * which a thread died before it was ready, and its queue waits for ever then.
 */
export class WorkerThread<Task extends { readonly port: MessagePort }> {
  readonly #kind: TaskKind;
  readonly #tasks: number;
  readonly #onError: (error: Error) => void;
  /** Threads that have loaded their modules. */
  readonly #loaded = new WeakSet<Worker>();
  #piscina: Piscina<Task, void> | undefined;
  #closed: Promise<void> | undefined;

  /**
   * @param tasks how many there will be at a time
   * @param onError the thread failed outside any task
   */
  constructor(kind: TaskKind, tasks: number, onError: (error: Error) => void) {
    this.#kind = kind;
    this.#tasks = tasks;
    this.#onError = onError;
  }

  /** Runs a task to its end; rejects when the thread dies. */
  run(task: Task): Promise<void> {
    const piscina = this.#alive();
    const [thread] = piscina.threads;
    // One listener a task.
    thread?.setMaxListeners(0);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(explainLimit(error));
      // An error comes before the exit, and says more.
      thread?.once('error', fail);
      thread?.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)));
      piscina.run(task, { transferList: [task.port] }).then(resolve, fail);
    });
  }

  /**
   * Ends the thread, but not before it has loaded its modules: Node aborts the process when a thread
   * is stopped while it loads a native one. Can be called again: a pool that is destroyed twice at a
   * time would begin another thread.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const piscina = this.#piscina;
    if (piscina === undefined) return;
    for (const thread of piscina.threads) {
      if (!this.#loaded.has(thread)) await untilLoaded(thread);
    }
    await piscina.destroy();
  }

  /** A pool that has its thread. */
  #alive(): Piscina<Task, void> {
    const piscina = this.#piscina;
    if (piscina !== undefined && piscina.threads.length > 0) return piscina;
    void piscina?.destroy();
    this.#piscina = this.#create();
    return this.#piscina;
  }

  #create(): Piscina<Task, void> {
    const piscina = new Piscina<Task, void>({
      filename: this.#kind.file.href,
      name: this.#kind.name,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: this.#tasks,
      // Piscina's own waiting blocks a thread that has no task, and with it sockets that still close.
      atomics: 'disabled',
      recordTiming: false,
    });
    piscina.on('error', (error: Error) => this.#onError(explainLimit(error)));
    this.#watch(piscina);
    return piscina;
  }

  /** Learns when the thread of a pool has loaded its modules; and that of its successor. */
  #watch(piscina: Piscina<Task, void>): void {
    for (const thread of piscina.threads) {
      thread.once('message', () => this.#loaded.add(thread));
      // Piscina has replaced it by then, if it does.
      thread.once('exit', () => this.#watch(piscina));
    }
  }
}

/** Resolves once a thread has loaded its modules, which is the first thing that it says, or has ended. */
async function untilLoaded(thread: Worker): Promise<void> {
  // Else the process may end meanwhile, and the thread with it.
  thread.ref();
  await new Promise((resolve) => {
    thread.once('message', resolve);
    thread.once('exit', resolve);
  });
}
