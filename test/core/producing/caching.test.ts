import { openProducer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  copyAsAfterCrash,
  untilEmpty,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer } from '../../support/muxer.js';
import { numbersOf, ProducerThread, range } from '../../support/producer-thread.js';
import { Receiver } from '../../support/receiver.js';
import { until } from '../../support/waiting.js';

const numbersIn = async (path: string) =>
  (await cachedData(path)).map((text) => Number.parseInt(text, 10));

describe('a write of a producer under the journal', () => {
  it('resolves once its entries are in a file, though no indexer has them', async () => {
    const { address } = await unusedAddress();
    const given = withCache([address], 'journal');
    const muxer = coldMuxer(given);
    const thread = await ProducerThread.open(muxer);
    for (const [i, way] of ['writeEntry', 'writeBatch', 'writePacked', 'lines'].entries()) {
      await thread.do('write', { from: 10 * i, count: 10, way });
      const copy = copyAsAfterCrash(given.cache.path);
      expect(await numbersIn(copy)).toEqual(range(0, 10 * (i + 1)));
    }
  });

  it('is one promise for a turn, and resolves in order with an indexer and without room', async () => {
    const indexer = await Receiver.start();
    const muxer = await hotMuxer(withCache([indexer.address], 'journal'));
    const producer = openProducer(muxer.producer());
    const first = producer.write(0, 0, '0');
    expect(first).toBeInstanceOf(Promise);
    expect(producer.write(1, 0, '1')).toBe(first);
    const resolved: number[] = [];
    const waits = range(2, 600).map((i) =>
      producer.write(i, 0, `${i}`.padEnd(500, '.'))?.then(() => resolved.push(i)),
    );
    await Promise.all(waits);
    expect(resolved).toEqual(range(2, 600));
    await producer.sync();
    expect(numbersOf(indexer.received)).toEqual(range(0, 600));
    await producer.close();
  });

  it('is settled when the muxer closes', async () => {
    const { address } = await unusedAddress();
    const given = { ...withCache([address], 'journal'), closeTimeout: CLOSE_MS };
    const muxer = coldMuxer(given);
    const producer = openProducer(muxer.producer());
    const written = producer.write(0, 0, '0');
    const closed = muxer.close();
    await written;
    await producer.close();
    expect(await closed).toEqual({ unconfirmed: 1, cached: 1 });
  });
});

describe('entries of a producer that find no room', () => {
  it.each(['fail', 'always'] as const)(
    'go to the disk in the mode %s, and to the indexer when it is there',
    async (mode) => {
      rollQuickly();
      const { address, listen } = await unusedAddress();
      const muxer = coldMuxer({ ...withCache([address], mode), closeTimeout: CLOSE_MS });
      const thread = await ProducerThread.open(muxer);
      // Many times what both rings hold.
      await thread.do('write', { from: 0, count: 2000, bytes: 500, way: 'writeBatch' });
      await thread.do('write', { from: 2000, count: 2, bytes: 100_000 });
      await until('all entries', () => muxer.stats().producerBytes === 0);
      expect(cacheStats(muxer).pendingEntries).toBeGreaterThan(1500);
      await thread.worker.terminate();
      const indexer = await Receiver.start({ listen });
      await muxer.sync();
      expect(numbersOf(indexer.received).sort((a, b) => a - b)).toEqual(range(0, 2002));
      await untilEmpty(muxer);
    },
  );
});
