import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { WorkerThread } from '@ringest/workers/internal';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { watchThreads } from '../support/threads.js';

const SLOW = { file: new URL('./slow-module.mjs', import.meta.url), name: 'run' };

/** A thread whose module takes a while to load, and the file that it leaves then. */
function slowThread() {
  const marker = join(temporaryDirectory(), 'loaded');
  Object.assign(process.env, { RINGEST_LOADED: marker });
  onTestFinished(() => {
    Reflect.deleteProperty(process.env, 'RINGEST_LOADED');
  });
  return { marker, thread: new WorkerThread(SLOW, 1, () => {}) };
}

const newTask = () => ({ port: new MessageChannel().port1 });

test('a thread is not ended before it has loaded its modules', async () => {
  const { marker, thread } = slowThread();
  const ran = thread.run(newTask());
  ran.catch(() => {});
  await thread.close();
  expect(existsSync(marker)).toBe(true);
});

test('a thread that takes the place of a dead one is not ended before it has loaded its modules', async () => {
  const threads = watchThreads();
  const { marker, thread } = slowThread();
  await thread.run(newTask());
  const [first] = threads;
  if (first === undefined) throw new Error('there is no thread');
  const exit = once(first, 'exit');
  Object.assign(process.env, { RINGEST_LOADED: `${marker} again` });
  await first.terminate();
  await exit;
  thread.run(newTask()).catch(() => {});
  await thread.close();
  expect(existsSync(`${marker} again`)).toBe(true);
});

test('a thread that is closed twice at a time is not begun again', async () => {
  const threads = watchThreads();
  const { thread } = slowThread();
  await thread.run(newTask());
  await Promise.all([thread.close(), thread.close()]);
  await thread.close();
  // Another one would have been begun when the first has exited.
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
});
