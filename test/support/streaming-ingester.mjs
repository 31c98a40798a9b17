// A muxer with a ring of 4 MiB that ingests the lines of a file through a pipeline, again and again in one
// stream. Arguments: the address of the indexer, the file, how many times. Run with --expose-gc.
// Prints how many lines it has read and ingested, the most lines that were read and not confirmed, and how much
// the process had grown from the first reading to the highest point, in bytes.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { IngestMuxer } from '@ringest/core';

const [address, path, times] = process.argv.slice(2);
const muxer = new IngestMuxer({
  targets: [address],
  secret: 'IngestSecrets',
  tags: ['test'],
  ringBytes: 4 * 1024 * 1024,
  selfIngest: false,
});
muxer.start();
await muxer.waitForHot({ timeout: 10_000 });

let bytes = 0;
let mostUnconfirmed = 0;
let before = 0;
let highest = 0;

/** Looks at the process while the stream waits for a chunk, or the reader for the stream. */
function look() {
  const { confirmedBytes, confirmedEntries } = muxer.stats();
  // Frames have 46 bytes before the data of a line, and lines have a line feed.
  const confirmed = confirmedBytes - 45 * confirmedEntries;
  mostUnconfirmed = Math.max(mostUnconfirmed, bytes - confirmed);
  highest = Math.max(highest, process.memoryUsage().rss);
}

async function* contents() {
  for (let time = 0; time < Number(times); time++) {
    for await (const chunk of createReadStream(path)) {
      bytes += chunk.length;
      look();
      yield chunk;
    }
    if (time > 0) continue;
    globalThis.gc();
    before = process.memoryUsage().rss;
    highest = before;
  }
}

const stream = muxer.writable({ tag: muxer.getTag('test'), lines: true });
await pipeline(contents, stream);
const { entries } = stream.stats();
const { confirmedEntries } = muxer.stats();
await muxer.close();
const grown = highest - before;
console.log(JSON.stringify({ bytes, entries, confirmedEntries, mostUnconfirmed, grown }));
