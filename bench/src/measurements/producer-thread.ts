import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { openProducer } from '@ringest/core';
import type { ProducerThreadData, ProducerThreadReport } from './producers.js';
import { chunkOf, WRITERS, type WriteChunk } from './write-paths.js';

/** Writes with a producer as fast as it finds room, from a message on, and tells what that took. */
const { handle, chunk, duration } = workerData as ProducerThreadData;
const producer = openProducer(handle);
const { write } = chunk;
const writeChunk: WriteChunk = WRITERS[write]({
  target: producer,
  entries: chunkOf(chunk),
  pauseFor: (written) => written,
});

/** Entries that are written before: V8 has compiled for them what the measurement is about. */
const WARM_UP = 300_000;
for (let entries = 0; entries < WARM_UP; entries += chunk.batch) await writeChunk();
await producer.sync();

parentPort?.once('message', async () => {
  let entries = 0;
  const before = nanoseconds();
  const start = performance.now();
  while (performance.now() - start < duration) {
    const wait = writeChunk();
    if (wait) await wait;
    entries += chunk.batch;
  }
  await producer.sync();
  const report: ProducerThreadReport = { entries, nanoseconds: nanoseconds() - before };
  parentPort?.postMessage(report);
  // The system forgets the times of a thread that has ended.
  parentPort?.once('message', () => producer.close());
});
parentPort?.postMessage('ready');

/** Processor time of this thread. */
function nanoseconds(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]);
}
