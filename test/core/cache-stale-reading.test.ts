import { expect, it } from 'vitest';
import { cacheStats, numberedFrom, until, unusedAddress } from '../support/caching.js';
import { collectLogs, newMuxer, SMALL_RING } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

it('close after a replay leaves nothing that is confirmed', async () => {
  const { address, listen } = await unusedAddress();
  const { logger, lines } = collectLogs();
  const path = temporaryDirectory();
  const given = {
    targets: [address],
    ringBytes: SMALL_RING,
    cache: { path, mode: 'journal' as const },
    closeTimeout: 5000,
  };
  const muxer = newMuxer({ ...given, logger });
  muxer.start();
  await Promise.all(numberedFrom(0, 3000).map((e) => muxer.writeEntry(e)));
  await until('stored', () => cacheStats(muxer).unstoredBytes === 0);
  const recording = await RecordingIndexer.start({ listen });
  await muxer.sync();
  await until('swept', () => cacheStats(muxer).bytes === 0);
  await muxer.writeBatch(numberedFrom(3000, 3100));
  await muxer.sync();
  const report = await muxer.close();
  const warns = lines
    .map((l) => JSON.parse(l))
    .filter(({ level, msg }) => level >= 40 && msg !== 'lost')
    .map(({ msg, err }) => msg + ': ' + (err?.message ?? ''));
  const next = newMuxer(given);
  next.start();
  await until('open', () => cacheStats(next).isOpen);
  await next.waitForHot();
  await until('all', () => cacheStats(next).pendingEntries === 0);
  await next.sync();
  console.log(report, warns, 'sent again', cacheStats(next).recoveredEntries);
  expect(cacheStats(next).recoveredEntries).toBe(0);
}, 30000);
