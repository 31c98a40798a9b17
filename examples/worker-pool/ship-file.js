// A task of the pool: unpacks a file, and writes each of its lines from the thread of the task.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { openProducer } from '@ringest/core';

/** Returns how many lines there are, once indexers have confirmed all of them. */
export default async function shipFile({ handle, path }) {
  const producer = openProducer(handle);
  try {
    const lines = producer.writable({ tag: producer.getTag('file'), lines: true });
    const file = createReadStream(path);
    await (path.endsWith('.gz') ? pipeline(file, createGunzip(), lines) : pipeline(file, lines));
    return lines.stats().entries;
  } finally {
    await producer.close();
  }
}
