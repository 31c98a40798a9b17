import { setImmediate as turn } from 'node:timers/promises';
import type { EntryInput } from '@ringest/core';
import { expect, it } from 'vitest';
import { coldMuxer } from '../../support/cache-time.js';
import {
  cacheStats,
  compareArrivals,
  numbered,
  until,
  unusedAddress,
} from '../../support/caching.js';
import { Receiver } from '../../support/receiver.js';
import { scaled } from '../../support/scale.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ENTRIES = scaled(3000, 8000);

it('a journal that is full, with entries that wait behind it, goes on when the indexer is back', async () => {
  const { address, listen } = await unusedAddress();
  const muxer = coldMuxer({
    targets: [address],
    ringBytes: 2 ** 20,
    backlogBytes: 2 ** 28,
    cache: { path: temporaryDirectory(), mode: 'journal', maxBytes: 4 * 2 ** 20 },
    closeTimeout: 200,
  });
  await until('an open cache', () => cacheStats(muxer).isOpen);
  const entries: EntryInput[] = [];
  const written: (Promise<void> | undefined)[] = [];
  const write = () => {
    const entry = numbered(entries.length, 8000);
    entries.push(entry);
    written.push(muxer.writeEntry(entry));
  };
  while (entries.length < ENTRIES) {
    write();
    if (entries.length % 100 === 0) await turn();
  }
  await until('a full cache', () => cacheStats(muxer).isFull);
  // A disk that was slow has let the cache accept all of them before it was full.
  write();
  expect(muxer.stats().backlogEntries).toBeGreaterThan(0);
  const recording = await Receiver.start({ listen });
  await Promise.all(written);
  await muxer.sync();
  // On a busy machine a connection may be lost: some come twice then.
  expect(compareArrivals(recording.received, entries).lost).toEqual([]);
});
