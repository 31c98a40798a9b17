import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { coldMuxer } from '../../support/cache-time.js';
import { cacheStats, numbered, until, unusedAddress } from '../../support/caching.js';
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
  const written: (Promise<void> | undefined)[] = [];
  for (let i = 0; i < ENTRIES; i++) {
    written.push(muxer.writeEntry(numbered(i, 8000)));
    if (i % 100 === 0) await turn();
  }
  await until('a full cache', () => cacheStats(muxer).isFull);
  expect(muxer.stats().backlogEntries).toBeGreaterThan(0);
  const recording = await Receiver.start({ listen });
  await Promise.all(written);
  await muxer.sync();
  expect(recording.received).toHaveLength(ENTRIES);
});
