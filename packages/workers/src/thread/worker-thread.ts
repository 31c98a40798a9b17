import { existsSync } from 'node:fs';
import { type MessagePort, Worker, type WorkerOptions } from 'node:worker_threads';
import { explainLimit } from '../system-limit.js';
import type { TaskMessage, ThreadMessage } from './serve-tasks.js';

/** The program of a thread. It calls `serveTasks`. */
export interface ThreadProgram {
  /** Its module. `undefined`: a bundle in CommonJS does not know where its modules were. */
  readonly file: URL | undefined;
  /** The same as one script in CommonJS, for a bundle, which has no such module. */
  readonly script?: string;
}

/** The `workerData` of a thread that runs a script. */
export interface ScriptData {
  /** The bundle, as a path or an address: the script looks for native libraries from there. */
  readonly bundleFile: string;
}

interface RunningTask {
  ended(): void;
  failed(error: Error): void;
}

/** One thread. It begins with the first task, and with the next task after it has died. */
export class WorkerThread<Task extends { readonly port: MessagePort }> {
  readonly #program: ThreadProgram;
  readonly #onError: (error: Error) => void;
  #thread: Thread<Task> | undefined;
  #isReferenced = true;
  #closed: Promise<void> | undefined;

  /** @param onError called when the thread fails while it has no task */
  constructor(program: ThreadProgram, onError: (error: Error) => void) {
    this.#program = program;
    this.#onError = onError;
  }

  /** Runs a task to its end. Rejects when the task throws, or the thread dies. */
  async run(task: Task): Promise<void> {
    if (this.#thread === undefined || this.#thread.isDead) {
      this.#thread = new Thread(begin(this.#program), this.#onError);
      this.#thread.reference(this.#isReferenced);
    }
    await this.#thread.run(task);
  }

  /** Sets whether the thread keeps the process alive while it has tasks. It does at first. */
  reference(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    this.#thread?.reference(isReferenced);
  }

  /**
   * Ends the thread, but not before it has loaded its modules: Node aborts the process when a thread
   * is stopped while it loads a native module. A second call returns the same promise.
   */
  close(): Promise<void> {
    this.#closed ??= this.#thread?.close() ?? Promise.resolve();
    return this.#closed;
  }
}

function begin({ file, script }: ThreadProgram): Worker {
  try {
    if (file !== undefined && (script === undefined || existsSync(file))) {
      return new Worker(file, options());
    }
    const workerData: ScriptData = { bundleFile: import.meta.url ?? __filename };
    return new Worker(script ?? '', { ...options(), eval: true, workerData });
  } catch (error) {
    throw explainLimit(error as Error);
  }
}

/** `--input-type` is about the text of `--eval`: a thread that inherits it cannot load its program. */
function options(): WorkerOptions {
  return process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};
}

/** A thread from its begin to its end, and the tasks that it runs. */
class Thread<Task extends { readonly port: MessagePort }> {
  readonly #worker: Worker;
  readonly #tasks = new Map<number, RunningTask>();
  readonly #loaded: Promise<void>;
  readonly #ended: Promise<void>;
  #nextKey = 0;
  #isReferenced = true;
  isDead = false;

  constructor(worker: Worker, onError: (error: Error) => void) {
    this.#worker = worker;
    let loaded = () => {};
    this.#loaded = new Promise((resolve) => {
      loaded = resolve;
    });
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'loaded') loaded();
      else this.#taskEnded(message);
    });
    // An error comes before the exit, and has more details.
    worker.on('error', (error) => {
      const explained = explainLimit(error as Error);
      if (this.#tasks.size === 0) onError(explained);
      this.#die(explained);
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#die(new Error(`its thread ended with code ${code}`));
        loaded();
        resolve();
      });
    });
  }

  run(task: Task): Promise<void> {
    const key = this.#nextKey++;
    const message: TaskMessage<Task> = { key, task };
    return new Promise((ended, failed) => {
      this.#worker.postMessage(message, [task.port]);
      this.#tasks.set(key, { ended, failed });
      this.#hold();
    });
  }

  reference(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    this.#hold();
  }

  async close(): Promise<void> {
    if (this.isDead) return this.#ended;
    // Without this, the process could end first.
    this.#worker.ref();
    await this.#loaded;
    await this.#worker.terminate();
    await this.#ended;
  }

  #taskEnded(message: Exclude<ThreadMessage, { readonly kind: 'loaded' }>): void {
    const task = this.#tasks.get(message.key);
    this.#tasks.delete(message.key);
    this.#hold();
    if (message.kind === 'ended') task?.ended();
    else task?.failed(explainLimit(message.error as Error));
  }

  #die(error: Error): void {
    this.isDead = true;
    for (const task of this.#tasks.values()) task.failed(error);
    this.#tasks.clear();
  }

  /** A thread without tasks does not keep the process alive. */
  #hold(): void {
    if (this.#isReferenced && this.#tasks.size > 0) this.#worker.ref();
    else this.#worker.unref();
  }
}
