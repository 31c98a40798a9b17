import { type MessagePort, workerData } from 'node:worker_threads';

/** What a thread gets when it begins. */
export interface RunnerData {
  /** The URL of the module that exports the task. */
  readonly file: string;
  /** The name of the function that is the task. */
  readonly name: string;
}

/** A task, and where its end is told. */
export interface BegunTask {
  readonly task: unknown;
  readonly end: MessagePort;
}

/** How a task has ended. */
export interface TaskEnd {
  /** Why it failed; `undefined`: it did not. */
  readonly error: Error | undefined;
}

/**
 * What Piscina calls, once the module is loaded: until then, the thread does not count as loaded. A top-level
 * `await` would have Piscina make code of a text, which Node.js can be told to refuse.
 */
export const beginTask = load(workerData as RunnerData);

async function load({ file, name }: RunnerData): Promise<(begun: BegunTask) => void> {
  const exports: Tasks = await import(file);
  const run = exports[name];
  if (run === undefined) throw new Error(`${file} exports no ${name}`);
  return (begun) => begin(run, begun);
}

type Task = (task: unknown) => Promise<void>;
type Tasks = Readonly<Record<string, Task>>;

/**
 * Begins a task, and returns at once: while a task of Piscina runs, a port that only Piscina has keeps the
 * process alive. The end of the task is a message on a port of its own.
 */
function begin(run: Task, { task, end }: BegunTask): void {
  const tell = (error?: Error) => {
    end.postMessage({ error } satisfies TaskEnd);
    end.close();
  };
  run(task).then(() => tell(), tell);
}
