import type { MessagePort, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { explainLimit } from '../system-limit.js';

/**
 * The most memory for young objects of a thread, in MiB. A thread makes few objects, which die soon;
 * V8 would let them take up to 48 MiB before it looks.
 */
const MAX_YOUNG_MIB = 4;

/** What a thread runs. */
export interface TaskKind {
  /** The module that exports the task. */
  readonly file: URL;
  /** The name of the function that is the task. */
  readonly name: string;
}

/**
 * One thread, which is replaced when it dies. Each is a Piscina pool of its own: Piscina gives up a pool
 * in which a thread died before it was ready, and the queue of that pool waits forever.
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
   * @param tasks the most tasks at a time
   * @param onError called when the thread fails outside of any task
   */
  constructor(kind: TaskKind, tasks: number, onError: (error: Error) => void) {
    this.#kind = kind;
    this.#tasks = tasks;
    this.#onError = onError;
  }

  /** Runs a task to its end. Rejects when the task throws, or the thread dies. */
  run(task: Task): Promise<void> {
    const piscina = this.#alive();
    const [thread] = piscina.threads;
    // One listener a task.
    thread?.setMaxListeners(0);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(explainLimit(error));
      const exited = (code: number) => reject(new Error(`its thread ended with code ${code}`));
      // An error comes before the exit, and has more details.
      thread?.once('error', fail);
      thread?.once('exit', exited);
      const ended = piscina.run(task, { transferList: [task.port] }).then(resolve, fail);
      // Tasks come and go, and the thread stays.
      void ended.finally(() => thread?.off('error', fail).off('exit', exited));
    });
  }

  /**
   * Ends the thread, but not before it has loaded its modules: Node aborts the process when a thread
   * is stopped while it loads a native module. A second call returns the same promise: a pool that is
   * destroyed twice at a time would begin another thread.
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
      // Piscina's own waiting would block a thread without tasks, whose sockets may still be closing.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
    });
    piscina.on('error', (error: Error) => this.#onError(explainLimit(error)));
    this.#watch(piscina);
    return piscina;
  }

  /** Notes when the thread of a pool has loaded its modules, and each thread that replaces it. */
  #watch(piscina: Piscina<Task, void>): void {
    for (const thread of piscina.threads) {
      thread.once('message', () => this.#loaded.add(thread));
      // If Piscina replaces the thread, it has done so by then.
      thread.once('exit', () => this.#watch(piscina));
    }
  }
}

/** Resolves when a thread has loaded its modules (its first message), or has ended. */
async function untilLoaded(thread: Worker): Promise<void> {
  // Without this, the process could end first.
  thread.ref();
  await new Promise((resolve) => {
    thread.once('message', resolve);
    thread.once('exit', resolve);
  });
}
