import { setTimeout as delay } from 'node:timers/promises';
import type { IngestMuxer } from '@ringest/core';
import type { EntrySource } from '../contents/entry-source.js';
import { cacheCounts } from './cache-report.js';
import type { FromIngester, IngesterSettings, ToIngester } from './ingester-messages.js';
import { confirmAll, watchConnections } from './load-connections.js';
import { createLineWriter, createMuxer, createSource, FIXED_SOURCE } from './load-ingester.js';
import { Receipts } from './receipts.js';
import { EntryWriter } from './write-entries.js';

/** An ingester in a process of its own, to be killed at any time. It ends when its parent disconnects. */
const tell = (message: FromIngester) => process.send?.(message);

process.on('message', ({ settings }: ToIngester) => {
  ingest(settings).catch((error: Error) => tell({ kind: 'failed', message: error.message }));
});
process.on('disconnect', () => process.exit());
// A terminal sends its interrupt to the whole group; the load generator ends this process in time.
process.on('SIGINT', () => {});

async function ingest(settings: IngesterSettings): Promise<void> {
  const { options, to, cachePath, startSeconds, from } = settings;
  tell({ kind: 'started' });
  await using muxer = createMuxer(options, to, cachePath);
  const watch = watchConnections(muxer, options, {
    lost: ({ message }, retryInMs) => tell({ kind: 'lost', message, retryInMs }),
  });
  muxer.start();
  let resolved = from;
  const progress = () => ({ resolved, counts: cacheCounts(muxer.stats()) });
  const source = createSource(options, {
    tags: options.tagNames.map((name) => muxer.getTag(name)),
    source: FIXED_SOURCE,
    startSeconds,
  });
  const tellResolved = (through: number) => {
    resolved = through;
    tell({ kind: 'progress', progress: progress() });
  };
  try {
    await write(muxer, source, settings, watch.failed, tellResolved);
  } finally {
    watch.end();
  }
  const end = progress();
  await muxer.close();
  tell({ kind: 'done', progress: end });
}

/**
 * Writes an entry, and once that has resolved, what is due by then, every millisecond or so. Tells
 * what has resolved, and waits until all is confirmed.
 */
async function write(
  muxer: IngestMuxer,
  source: EntrySource,
  { options, cachePath, from, entriesPerSecond }: IngesterSettings,
  signal: AbortSignal,
  resolved: (through: number) => void,
): Promise<void> {
  const { batch, entryBytes, entryCount, cache, timeoutMs } = options;
  const receipts =
    cache?.mode === 'journal' ? new Receipts(muxer, entryBytes, signal, resolved) : undefined;
  const writer = new EntryWriter(muxer, source, {
    ...{ batch, signal },
    lines: createLineWriter(options, muxer, source),
    ...(receipts && { pause: receipts.take }),
  });
  let done = from;
  const writeTo = async (to: number) => {
    signal.throwIfAborted();
    done = await writer.write(done, to);
    if (receipts === undefined) resolved(done);
  };
  await writeTo(Math.min(from + 1, entryCount));
  await receipts?.settled(timeoutMs);
  const start = performance.now();
  while (done < entryCount) {
    const due = from + Math.ceil(((performance.now() - start) * entriesPerSecond) / 1000);
    await writeTo(Math.min(due, entryCount));
    await delay(1);
  }
  await confirmAll(muxer, cachePath, signal);
  await receipts?.settled(timeoutMs);
}
