import { once } from 'node:events';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { explainLimit } from '../system-limit.js';
import type { BegunTask, RunnerData, TaskEnd } from './task-runner.js';

const RUNNER = new URL('./task-runner.js', import.meta.url);

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
 *
 * Neither the thread nor its tasks keep the process alive.
 */
export class WorkerThread<Task extends { readonly port: MessagePort }> {
  readonly #kind: TaskKind;
  readonly #tasks: number;
  readonly #onError: (error: Error) => void;
  /** Threads that have loaded their modules. */
  readonly #loaded = new WeakSet<Worker>();
  #piscina: Piscina<BegunTask, void> | undefined;
  /** Tasks that have not ended. */
  #running = 0;
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
  async run(task: Task): Promise<void> {
    const piscina = this.#alive();
    const { port1, port2: end } = new MessageChannel();
    const over = new AbortController();
    this.#running++;
    try {
      const transferList = [task.port, end];
      const begun = piscina.run({ task, end }, { transferList });
      const ended = once(port1, 'message') as Promise<[TaskEnd]>;
      port1.unref();
      const deaths = piscina.threads.map((thread) => untilDead(thread, over.signal));
      const [{ error }] = await Promise.race([begun.then(() => ended), ...deaths]);
      if (error !== undefined) throw error;
    } catch (error) {
      throw explainLimit(error as Error);
    } finally {
      this.#running--;
      over.abort();
      port1.close();
    }
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
  #alive(): Piscina<BegunTask, void> {
    const piscina = this.#piscina;
    if (piscina !== undefined && piscina.threads.length > 0) return piscina;
    void piscina?.destroy();
    this.#piscina = this.#create();
    return this.#piscina;
  }

  #create(): Piscina<BegunTask, void> {
    const { file, name } = this.#kind;
    const piscina = new Piscina<BegunTask, void>({
      filename: RUNNER.href,
      name: 'beginTask',
      workerData: { file: file.href, name } satisfies RunnerData,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: this.#tasks,
      // Piscina's own waiting would block a thread without tasks, whose sockets may still be closing.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxYoungGenerationSizeMb: MAX_YOUNG_MIB },
    });
    // A task hears of it by itself.
    piscina.on('error', (error: Error) => {
      if (this.#running === 0) this.#onError(explainLimit(error));
    });
    this.#watch(piscina);
    return piscina;
  }

  /** Notes when the thread of a pool has loaded its modules, and each thread that replaces it. */
  #watch(piscina: Piscina<BegunTask, void>): void {
    for (const thread of piscina.threads) {
      thread.once('message', () => this.#loaded.add(thread));
      // If Piscina replaces the thread, it has done so by then.
      thread.once('exit', () => this.#watch(piscina));
    }
  }
}

/** Rejects when a thread dies: with its error, which comes before the exit and has more details, if there is one. */
async function untilDead(thread: Worker, signal: AbortSignal): Promise<never> {
  // One listener a task.
  thread.setMaxListeners(0);
  const [code] = await once(thread, 'exit', { signal });
  throw new Error(`its thread ended with code ${code}`);
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
