// A muxer with a ring of 4 MiB that writes for a while. Arguments: the address of the indexer, bytes
// of each entry, entries to warm up with, entries after that. Run with --expose-gc.
// Prints how much the process had grown from the end of the warm-up to the end, in bytes.
import { IngestMuxer } from '@ringest/core';

const [address, ...numbers] = process.argv.slice(2);
const [bytes, warmUp, entries] = numbers.map(Number);
const muxer = new IngestMuxer({
  targets: [address],
  secret: 'IngestSecrets',
  tags: ['test'],
  ringBytes: 4 * 1024 * 1024,
  selfIngest: false,
});
muxer.start();
await muxer.waitForHot({ timeout: 10_000 });

const data = Buffer.alloc(bytes, 'x');
const text = data.toString();
const batch = Array.from({ length: bytes > 10_000 ? 1 : 100 }, (_, i) => ({
  timestamp: { seconds: i, nanoseconds: i },
  tag: 0,
  data: i % 3 === 1 ? text : data,
  source: i % 2 === 0 ? '10.0.0.1' : undefined,
}));

async function write(count) {
  for (let written = 0; written < count; written += 2 * batch.length) {
    const wait = muxer.writeBatch(batch);
    if (wait) await wait;
    for (const entry of batch) {
      const wait = muxer.writeEntry(entry);
      if (wait) await wait;
    }
  }
  await muxer.sync();
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    globalThis.gc();
  }
  return process.memoryUsage();
}

const before = await write(warmUp);
const after = await write(entries);
const { confirmedEntries } = muxer.stats();
await muxer.close();
const heap = after.heapUsed - before.heapUsed;
const buffers = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
console.log(JSON.stringify({ confirmedEntries, heap, buffers, rss: after.rss - before.rss }));
