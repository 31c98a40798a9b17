import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cacheStats, expectEachOnce, numbered, unusedAddress } from '../support/caching.js';
import { newMuxer } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it.each([4, 16, 40])(
  'a full journal with a backlog gets going again: %d MiB',
  async (most) => {
    const { address, listen } = await unusedAddress();
    const path = temporaryDirectory();
    const muxer = newMuxer({
      targets: [address],
      ringBytes: 2 ** 20,
      backlogBytes: 200_000_000,
      cache: { path, mode: 'journal', maxBytes: most * 2 ** 20 },
      closeTimeout: 200,
    });
    muxer.start();
    const entries = [];
    await delay(700);
    for (let i = 0; i < 15000; i++) {
      const e = numbered(i, 8000);
      entries.push(e);
      muxer.writeEntry(e)?.catch(() => {});
      if (i % 100 === 0) await turn();
    }
    const show = () => {
      const { backlogEntries, confirmedEntries } = muxer.stats();
      const { bytes, isFull, unstoredBytes, pendingEntries, replayedEntries } = cacheStats(muxer);
      return JSON.stringify({
        backlogEntries,
        confirmedEntries,
        bytes,
        isFull,
        unstoredBytes,
        pendingEntries,
        replayedEntries,
      });
    };
    await delay(1000);
    console.log('before', show());
    let received = 0;
    const recording = await RecordingIndexer.start({ listen });
    let lastCount = -1;
    let since = performance.now();
    for (;;) {
      await delay(250);
      received = recording.received.length;
      if (received !== lastCount) {
        lastCount = received;
        since = performance.now();
      }
      if (received >= entries.length || performance.now() - since > 6000) break;
    }
    console.log('after', received, show());
    expect(received).toBeGreaterThanOrEqual(entries.length);
  },
  60000,
);
