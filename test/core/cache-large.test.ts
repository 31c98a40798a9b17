import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cachedData, cacheStats, until, unusedAddress } from '../support/caching.js';
import { collectLogs, hotMuxer, newMuxer, SMALL_RING } from '../support/muxer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The indexer's numbers are others than the muxer's.
const numberTags = (names: readonly string[]) =>
  new Map(names.map((name, i) => [name, (i + 1) % names.length]));
it.each(['fail', 'always', 'journal'] as const)(
  'a large entry that was sent and not confirmed keeps its tag over a close: %s',
  async (mode) => {
    const first = await ScriptedIndexer.listen({ confirms: 'never', numberTags });
    const path = temporaryDirectory();
    const given = {
      tags: ['one', 'two', 'three'],
      ringBytes: SMALL_RING,
      cache: { path, mode },
      closeTimeout: 500,
    };
    const muxer = await hotMuxer({ ...given, targets: [first.address] });
    const connection = await first.hot(0);
    muxer.writeEntry({ timestamp: 1, tag: 0, data: 'large '.repeat(5000) })?.catch(() => {});
    muxer.writeEntry({ timestamp: 1, tag: 0, data: 'small' })?.catch(() => {});
    await connection.entries(2);
    console.log(mode, await muxer.close());
    const second = await ScriptedIndexer.listen({ confirms: 'at once', numberTags });
    const { logger, lines } = collectLogs();
    const next = newMuxer({ ...given, targets: [second.address], logger });
    next.on('error', (e) => console.log(String(e)));
    next.start();
    await until(
      'sent',
      () =>
        cacheStats(next).isOpen &&
        cacheStats(next).pendingEntries === 0 &&
        next.stats().confirmedEntries >= 1,
    );
    await delay(300);
    const got = second.connections.flatMap((c: any) => c.arrivals ?? c.received ?? []);
    console.log(
      mode,
      Object.keys(second.connections[0] as object),
      got.map(({ tag, bytes }: any) => [tag, bytes.length]),
      cacheStats(next).recoveredEntries,
    );
    expect(got.map(({ tag }: any) => tag)).toEqual(['one', 'one']);
  },
  30000,
);
