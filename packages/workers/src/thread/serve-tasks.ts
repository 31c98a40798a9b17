import { parentPort } from 'node:worker_threads';

/** What a thread hears: a task, and the number under which its end is reported. */
export interface TaskMessage<Task> {
  readonly key: number;
  readonly task: Task;
}

/** What a thread says: that it has loaded its modules, and how a task has ended. */
export type ThreadMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ended'; readonly key: number }
  | { readonly kind: 'failed'; readonly key: number; readonly error: unknown };

/** Makes the thread that calls it run tasks. It is called once, when the thread's modules are loaded. */
export function serveTasks<Task>(run: (task: Task) => Promise<void>): void {
  const main = parentPort;
  if (main === null) throw new Error('this module runs only in a worker thread');
  const say = (message: ThreadMessage) => main.postMessage(message);
  main.on('message', async ({ key, task }: TaskMessage<Task>) => {
    try {
      await run(task);
      say({ kind: 'ended', key });
    } catch (error) {
      say({ kind: 'failed', key, error });
    }
  });
  say({ kind: 'loaded' });
}
