import {
  AllTargetsFailedError,
  NotRunningError,
  openProducer,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { CLOSE_MS, unusedAddress, withCache } from '../../support/caching.js';
import { entry } from '../../support/entries.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { numbersOf, ProducerThread, range } from '../../support/producer-thread.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually, until } from '../../support/waiting.js';

/** A muxer that no indexer is there for. */
async function lonely(given = {}) {
  const { address } = await unusedAddress();
  const other = await unusedAddress();
  const muxer = newMuxer({ targets: [address, other.address], ringBytes: SMALL_RING, ...given });
  muxer.start();
  return { muxer, listen: other.listen };
}

describe('close of the muxer', () => {
  it('delivers what producers have written, and ends them', async () => {
    const indexer = await Receiver.start();
    const muxer = await hotMuxer({ targets: [indexer.address], closeTimeout: CLOSE_MS });
    const threads = [await ProducerThread.open(muxer), await ProducerThread.open(muxer)];
    await Promise.all(
      threads.map((thread, i) => thread.do('write', { from: 1000 * i, count: 1000 })),
    );
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(numbersOf(indexer.received).sort((a, b) => a - b)).toEqual(range(0, 2000));
    // Nothing else keeps them alive.
    await Promise.all(threads.map((thread) => thread.ended()));
    expect(muxer.stats()).toMatchObject({ producers: 0, producerBytes: 0 });
  });

  it('has the writes of producers throw at once, and loses nothing that was accepted before', async () => {
    const indexer = await Receiver.start();
    const muxer = await hotMuxer({ targets: [indexer.address], closeTimeout: CLOSE_MS });
    const producer = openProducer(muxer.producer());
    for (let i = 0; i < 100; i++) producer.write(i, 0, `${i}`);
    const closed = muxer.close();
    expect(() => producer.write(100, 0, '100')).toThrow(NotRunningError);
    expect(await closed).toEqual({ unconfirmed: 0, cached: 0 });
    expect(numbersOf(indexer.received)).toEqual(range(0, 100));
    await expect(producer.sync()).rejects.toBeInstanceOf(NotRunningError);
    await producer.close();
  });

  it('does not wait for a producer that was never opened', async () => {
    const indexer = await Receiver.start();
    const muxer = await hotMuxer({ targets: [indexer.address], closeTimeout: 2 ** 31 - 1 });
    muxer.producer();
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('reports what producers had committed and no indexer has', async () => {
    const { muxer } = await lonely();
    const thread = await ProducerThread.open(muxer);
    await thread.do('write', { from: 0, count: 50 });
    expect(await muxer.close()).toEqual({ unconfirmed: 50, cached: 0 });
  });

  it('keeps it in the cache, if there is one, for the next run', async () => {
    const { address, listen } = await unusedAddress();
    const given = withCache([address, (await unusedAddress()).address], 'fail');
    const muxer = newMuxer({ ...given, closeTimeout: CLOSE_MS });
    muxer.start();
    const thread = await ProducerThread.open(muxer);
    await thread.do('write', { from: 0, count: 50 });
    await thread.worker.terminate();
    expect(await muxer.close()).toEqual({ unconfirmed: 50, cached: 50 });
    const indexer = await Receiver.start({ listen });
    await hotMuxer(given);
    await indexer.entries(50);
    expect(numbersOf(indexer.received)).toEqual(range(0, 50));
  });
});

describe('a producer whose muxer has no target left', () => {
  it('rejects what waits, and throws with every write, as the muxer does', async () => {
    const old = await ScriptedIndexer.listen({ version: 4 });
    const muxer = newMuxer({ targets: [old.address], minVersion: 5, ringBytes: SMALL_RING });
    muxer.on('error', () => {});
    muxer.start();
    const producer = openProducer(muxer.producer());
    producer.write(0, 0, 'accepted');
    const error = await producer.sync().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AllTargetsFailedError);
    expect(error).toMatchObject({ code: 'ERR_ALL_TARGETS_FAILED', cause: { reason: 'version' } });
    await eventually(() => {
      expect(() => producer.write(0, 0, '')).toThrow(AllTargetsFailedError);
    });
    await producer.close();
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
  });
});

describe('close of a producer', () => {
  it('leaves what it has written to the muxer, and lets its thread end', async () => {
    const { muxer, listen } = await lonely();
    const thread = await ProducerThread.open(muxer);
    await thread.do('write', { from: 0, count: 50 });
    await thread.call('close');
    await thread.ended();
    expect(muxer.stats().producers).toBe(1);
    const indexer = await Receiver.start({ listen });
    await indexer.entries(50);
    await until('the end of the producer', () => muxer.stats().producers === 0);
    expect(numbersOf(indexer.received)).toEqual(range(0, 50));
  });

  it('gives up writes that find no room within the time that closing may take', async () => {
    const { muxer } = await lonely();
    const producer = openProducer(muxer.producer());
    let waiting: Promise<void> | undefined;
    for (let i = 0; waiting === undefined; i++) waiting = producer.writeEntry(entry(i, 1000));
    const rejected = expect(waiting).rejects.toBeInstanceOf(WriteAbandonedError);
    const closed = producer.close();
    expect(producer.close()).toBe(closed);
    await closed;
    await rejected;
    expect(() => producer.write(0, 0, '')).toThrow(NotRunningError);
  });
});
