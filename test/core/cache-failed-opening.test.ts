import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cacheStats, numbered, unusedAddress } from '../support/caching.js';
import { newMuxer, SMALL_RING } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

async function prepare(mode: 'always' | 'fail' | 'journal') {
  const { address, listen } = await unusedAddress();
  const path = temporaryDirectory();
  writeFileSync(join(path, 'quarantine'), 'no folder');
  const muxer = newMuxer({
    targets: [address],
    ringBytes: SMALL_RING,
    cache: { path, mode },
    closeTimeout: 1000,
  });
  await delay(600);
  const failed = once(muxer, 'error');
  muxer.start();
  let n = 0;
  for (let t = 0; t < 8; t++) {
    for (let i = 0; i < 400; i++) muxer.writeEntry(numbered(n++))?.catch(() => {});
    await turn();
    await turn();
  }
  console.log(mode, 'before failure', muxer.stats().writtenEntries, cacheStats(muxer));
  await failed;
  return { muxer, n, listen };
}
it.each(['always', 'fail', 'journal'] as const)(
  'gathered entries are delivered though the cache could not be opened: %s',
  async (mode) => {
    const { muxer, n, listen } = await prepare(mode);
    const recording = await RecordingIndexer.start({ listen });
    const end = performance.now() + 5000;
    while (recording.received.length < n && performance.now() < end) await delay(20);
    console.log(
      mode,
      'received',
      recording.received.length,
      'of',
      n,
      cacheStats(muxer).pendingEntries,
    );
    expect(recording.received.length).toBe(n);
  },
);
it.each(['always', 'fail', 'journal'] as const)('close tells the truth: %s', async (mode) => {
  const { muxer, n } = await prepare(mode);
  const report = await muxer.close();
  console.log(mode, report, n);
  expect(report).toEqual({ unconfirmed: n, cached: 0 });
});
