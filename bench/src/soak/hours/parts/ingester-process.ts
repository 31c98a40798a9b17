import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { IngestMuxer } from '@ringest/core';
import { confirmAll } from '../../../load/load-connections.js';
import { tagOf } from '../soak-entries.js';
import type {
  FromIngester,
  FromThread,
  IngesterSettings,
  StreamSettings,
  ToIngester,
} from './ingester-messages.js';
import { StreamWriter, untilTaken } from './stream-writer.js';

/** An ingester in a process of its own, to be killed at any time. It ends when its parent disconnects. */
const tell = (message: FromIngester) => {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
};

/** How often it says what the muxer counts, in milliseconds. */
const COUNTS_MS = 200;

/** What writes a stream, here or in a thread. Its last report comes with `close`. */
interface Writing {
  readonly ended: Promise<void>;
  end(): void;
  close(): void;
}

async function ingest(settings: IngesterSettings, finish: Promise<void>): Promise<void> {
  const { streams, inThreads } = settings;
  const muxer = new IngestMuxer({ ...settings.muxer, name: 'soak', selfIngest: false });
  logConnections(muxer);
  muxer.start();
  const timer = setInterval(() => tellCounts(muxer), COUNTS_MS);
  const writings = streams.map((stream) =>
    inThreads ? writeInThread(muxer, stream) : writeHere(muxer, stream),
  );
  const all = Promise.all(writings.map(({ ended }) => ended));
  await Promise.race([finish, all]);
  for (const writing of writings) writing.end();
  await all;
  const { signal } = new AbortController();
  await untilTaken(() => confirmAll(muxer, settings.muxer.cache?.path, signal));
  for (const writing of writings) writing.close();
  clearInterval(timer);
  tellCounts(muxer);
  const { unconfirmed, cached } = await muxer.close();
  if (unconfirmed + cached > 0) {
    throw new Error(`the muxer closed with ${unconfirmed} unconfirmed and ${cached} in the cache`);
  }
  tell({ kind: 'finished' });
}

/** Into the file of what this process prints. */
function logConnections(muxer: IngestMuxer): void {
  const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);
  muxer.on('hot', (target) => log(`hot: ${target}`));
  muxer.on('lost', ({ message }, retryInMs) => log(`lost: ${message}; again in ${retryInMs} ms`));
  muxer.on('error', ({ message }) => log(`error: ${message}`));
}

function writeHere(muxer: IngestMuxer, settings: StreamSettings): Writing {
  const writer = new StreamWriter(muxer, muxer.getTag(tagOf(settings.stream)), settings, tell);
  return { ended: writer.run(), end: () => writer.end(), close: () => writer.close() };
}

/** The thread waits itself until what it has written is confirmed. */
function writeInThread(muxer: IngestMuxer, settings: StreamSettings): Writing {
  const handle = muxer.producer();
  const worker = new Worker(new URL('./producer-thread.js', import.meta.url), {
    workerData: { handle, settings },
    transferList: [handle.port],
  });
  worker.on('message', (message: FromThread) => {
    if (message.kind !== 'finished') tell(message);
  });
  const ended = once(worker, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`a thread ended with ${code}`);
  });
  return { ended, end: () => worker.postMessage({ kind: 'finish' }), close: () => {} };
}

function tellCounts(muxer: IngestMuxer): void {
  const { resentEntries: resent, reconnects, hot, cache } = muxer.stats();
  const { pendingEntries: cached = 0, recoveredEntries: recovered = 0 } = cache ?? {};
  tell({ kind: 'counts', counts: { resent, reconnects, hot, cached, recovered } });
}

let finish: () => void = () => {};
const finishing = new Promise<void>((resolve) => {
  finish = resolve;
});
process.on('message', (message: ToIngester) => {
  if (message.kind === 'finish') finish();
  else void ingest(message.settings, finishing);
});
process.on('disconnect', () => process.exit());
