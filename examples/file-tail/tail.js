// Follows a file, and ships each line that is appended: `node tail.js /var/log/syslog`.
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { IngestMuxer } from '@ringest/core';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('give the path of a file');
const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const muxer = new IngestMuxer({ targets: [INGEST_TARGET], secret: INGEST_SECRET, tags: ['file'] });
muxer.on('error', (error) => console.error(error.message));
muxer.start();
const lines = muxer.lineWriter({ tag: muxer.getTag('file') });

const file = await open(path);
const chunk = Buffer.alloc(65536);
while (!stop.signal.aborted) {
  const { bytesRead } = await file.read(chunk, 0, chunk.length);
  // The promise is there only when there is no room, so that reading waits for the indexers.
  if (bytesRead > 0) await lines.write(chunk.subarray(0, bytesRead));
  else await delay(100, undefined, { signal: stop.signal }).catch(() => {});
}
await lines.end();
await file.close();
const { unconfirmed } = await muxer.close();
console.log(`${lines.stats().entries} lines, ${unconfirmed} of them not confirmed`);
