import { toProblem } from '../disk/disk-problem.js';
import { NodeDisk } from '../disk/node-disk.js';
import type { CacheTask, ToCache } from '../messages.js';
import { CacheWorker } from './cache-worker.js';
import { MessageBatch } from './message-batch.js';

/**
 * The task of the cache's thread. It ends when the cache is closed. When the cache cannot be opened, it
 * posts `failed` and throws.
 */
export async function runCache(task: CacheTask): Promise<void> {
  const { port } = task;
  const batch = new MessageBatch(port);
  try {
    // Without syncs, blocks count as stored once the system has them: it need not wait for the disk.
    const disk = new NodeDisk(task.path, { isDirect: task.sync !== 'never' });
    await new Promise<void>((ended) => {
      const worker = new CacheWorker(task, {
        disk,
        post: (message, transfer) => batch.post(message, transfer),
        after,
        ended,
      });
      port.on('message', (message: ToCache) => worker.onMessage(message));
    });
  } catch (error) {
    batch.post({ kind: 'failed', problem: toProblem(error) });
    throw error;
  } finally {
    port.close();
  }
}

function after(milliseconds: number, action: () => void): () => void {
  if (milliseconds === 0) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
}
