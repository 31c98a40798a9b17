import { openProducer } from '@ringest/core';

/** A task of a thread pool: it writes numbered entries, and returns once they are confirmed. */
export default async function writeNumbered({ handle, from, count }) {
  const producer = openProducer(handle);
  try {
    const tag = producer.getTag('test');
    for (let i = from; i < from + count; i++) await producer.write(i, tag, `${i}`);
    await producer.sync();
    return producer.stats().writtenEntries;
  } finally {
    await producer.close();
  }
}
