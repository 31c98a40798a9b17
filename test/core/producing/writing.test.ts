import { pipeline } from 'node:stream/promises';
import { decodeEntry } from '@ringest/codec';
import {
  BatchError,
  InvalidArgumentError,
  NotRunningError,
  openProducer,
  type ProducerHandle,
  UnknownTagError,
} from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectArrivals, expectedArrival, expectedArrivals } from '../../support/arrivals.js';
import { unusedAddress } from '../../support/caching.js';
import { entries, entry } from '../../support/entries.js';
import { collectLogs, hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { numbersOf, ProducerThread, range } from '../../support/producer-thread.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

type Given = Omit<Parameters<typeof hotMuxer>[0], 'targets'>;

async function connected(given: Given = {}) {
  const indexer = await Receiver.start();
  const muxer = await hotMuxer({ targets: [indexer.address], ...given });
  return { indexer, muxer };
}

/** A producer in this thread. */
async function producing(given: Given = {}) {
  const { indexer, muxer } = await connected(given);
  const producer = openProducer(muxer.producer());
  onTestFinished(() => producer.close());
  return { indexer, muxer, producer };
}

describe('a producer in another thread', () => {
  it('delivers all entries in order and unaltered, by each way of writing', async () => {
    const { indexer, muxer } = await connected({ ringBytes: SMALL_RING });
    const thread = await ProducerThread.open(muxer);
    const ways = ['writeEntry', 'writeBatch', 'writePacked', 'lines'];
    for (const [i, way] of ways.entries()) {
      for (let from = 1000 * i; from < 1000 * (i + 1); from += 250) {
        await thread.do('write', { from, count: 250, bytes: 100 + i, way });
      }
    }
    await thread.call('sync');
    expect(numbersOf(indexer.received)).toEqual(range(0, 4000));
  });

  it('writes beside others and the muxer itself: each order is kept, and nothing is lost', async () => {
    const { indexer, muxer } = await connected({ ringBytes: SMALL_RING });
    const threads = [await ProducerThread.open(muxer), await ProducerThread.open(muxer)];
    const own = async () => {
      for (const one of entries(0, 3000))
        await muxer.writeEntry({ ...one, data: `${one.timestamp}` });
    };
    await Promise.all([
      own(),
      ...threads.map((thread, i) => {
        const from = 10_000 * (i + 1);
        return thread.do('write', { from, count: 3000, way: 'writeBatch' });
      }),
    ]);
    await Promise.all(threads.map((thread) => thread.call('sync')));
    await muxer.sync();
    const numbers = numbersOf(indexer.received);
    const writers = [0, 1, 2].map((writer) => 10_000 * writer);
    for (const from of writers) {
      const its = numbers.filter((number) => number >= from && number < from + 10_000);
      expect(its).toEqual(range(from, from + 3000));
    }
    expect(muxer.stats()).toMatchObject({ producers: 2, producerBytes: 0, writtenEntries: 9000 });
  });

  it('hands over entries too large for rings, between small ones', async () => {
    const { indexer, muxer } = await connected({ ringBytes: SMALL_RING });
    const thread = await ProducerThread.open(muxer);
    for (let from = 0; from < 40; from += 10) {
      await thread.do('write', { from, count: 8, bytes: 500 });
      await thread.do('write', { from: from + 8, count: 2, bytes: 100_000 });
    }
    await thread.call('sync');
    expect(numbersOf(indexer.received)).toEqual(range(0, 40));
    expect(decodeEntry(indexer.received.at(-1)?.bytes as Buffer).data).toHaveLength(100_000);
  });

  it('learns of tags from the muxer and from other producers', async () => {
    const { indexer, muxer } = await connected();
    const [one, other] = [await ProducerThread.open(muxer), await ProducerThread.open(muxer)];
    const numbers = await Promise.all([
      one.call('negotiateTag', 'first'),
      other.call('negotiateTag', 'second'),
      other.call('negotiateTag', 'first'),
    ]);
    const names = numbers.map((number) => muxer.lookupTag(number as number));
    expect(names).toEqual(['first', 'second', 'first']);
    const third = muxer.negotiateTag('third');
    expect(await one.call('getTag', 'third')).toBe(third);
    const second = numbers[1] as number;
    expect(await one.call('lookupTag', second)).toBe('second');
    await other.do('write', { from: 0, count: 1, tag: third });
    await one.do('write', { from: 1, count: 1, tag: second });
    await Promise.all([one.call('sync'), other.call('sync')]);
    expect(indexer.received.map(({ tag }) => tag).sort()).toEqual(['second', 'third']);
    await expect(one.call('getTag', 'none')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_TAG' });
    await expect(one.call('negotiateTag', 'a\0b')).rejects.toMatchObject({
      code: 'ERR_INVALID_TAG',
    });
  });

  it('has the muxer log the lines that it refuses', async () => {
    const { logger, lines } = collectLogs();
    const { muxer } = await connected({ logger });
    const thread = await ProducerThread.open(muxer);
    await thread.do('refuse', { lines: 'short\nmuch too long\n' });
    await eventually(() => {
      const warning = lines.find((line) => line.includes('lines were refused')) ?? '{}';
      expect(JSON.parse(warning)).toMatchObject({
        refusedLines: 1,
        err: { code: 'ERR_LINE_REFUSED' },
      });
    });
  });
});

describe('a producer', () => {
  it('gives entries the values and the source that the muxer gives its own', async () => {
    const { indexer, muxer, producer } = await producing({
      attach: { text: 'x', number: 7n },
      sourceOverride: '10.1.2.3',
    });
    muxer.writeEntry(entry(0));
    await muxer.sync();
    producer.writeEntry(entry(0));
    await producer.sync();
    expectArrivals(indexer.received.slice(1), indexer.received.slice(0, 1));
    producer.writeEntry({ ...entry(1), source: '::1', enumeratedValues: { text: 'y' } });
    await producer.sync();
    const { source, enumeratedValues } = decodeEntry(indexer.received[2]?.bytes as Buffer);
    expect(`${source}`).toBe('::1');
    expect(enumeratedValues.map(({ value }) => value)).toEqual(['y', 7n]);
  });

  it('has streams of lines and of entries, which wait for room and end once all is confirmed', async () => {
    const { indexer, muxer, producer } = await producing({ ringBytes: SMALL_RING });
    const text = (i: number) => `${i}`.padEnd(200, '.');
    const chunks = range(0, 40).map((i) =>
      range(50 * i, 50 * (i + 1))
        .map((j) => `${text(j)}\n`)
        .join(''),
    );
    const lines = producer.writable({ tag: 0, lines: true });
    await pipeline(chunks, lines);
    expect(lines.stats()).toEqual({ entries: 2000, refused: 0 });
    expect(muxer.stats().confirmedEntries).toBe(2000);
    await pipeline(range(2000, 2100).map(text), producer.writable({ tag: 0 }));
    expect(numbersOf(indexer.received)).toEqual(range(0, 2100));
    expect(() => producer.writable({ tag: 7 })).toThrow(UnknownTagError);
  });

  it('checks entries as the muxer does, and writes nothing of a bad call', async () => {
    const { indexer, producer } = await producing();
    expect(() => producer.writeEntry({ ...entry(0), tag: 9 })).toThrow(UnknownTagError);
    const bad = [entry(0), entry(1), { ...entry(2), tag: 9 }];
    expect(() => producer.writeBatch(bad)).toThrow(BatchError);
    expect(() => producer.writePacked(Buffer.alloc(3), new Uint32Array(0), { tag: 0 })).toThrow(
      InvalidArgumentError,
    );
    expect(() => producer.lineWriter({ tag: 9 })).toThrow(UnknownTagError);
    const good = entries(5, 9);
    producer.writeBatch(good);
    await producer.sync();
    expectArrivals(indexer.received, expectedArrivals(good));
    expect(producer.stats()).toMatchObject({ writtenEntries: 4, backlogEntries: 0 });
  });

  it('opens a handle once, and nothing that is no handle', async () => {
    const { muxer } = await connected();
    const handle = muxer.producer();
    const producer = openProducer(handle);
    expect(() => openProducer(handle)).toThrow(InvalidArgumentError);
    expect(() => openProducer({} as ProducerHandle)).toThrow(InvalidArgumentError);
    await producer.close();
    const late = muxer.producer();
    await muxer.close();
    expect(() => openProducer(late)).toThrow(NotRunningError);
    expect(() => muxer.producer()).toThrow(NotRunningError);
  });

  it('refuses a tag that every indexer refuses', async () => {
    const indexer = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTag: () => undefined,
    });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    muxer.on('error', () => {});
    const producer = openProducer(muxer.producer());
    const bad = await producer.negotiateTag('bad');
    // What is on its way when the indexer answers waits beside the rings, and nothing waits behind it.
    producer.writeEntry(entry(0, 100, bad));
    producer.writeEntry(entry(1));
    await eventually(() => {
      expect(() => producer.writeEntry(entry(2, 100, bad))).toThrow(/refuses the tag "bad"/);
    });
    await expect(producer.sync()).rejects.toMatchObject({ code: 'ERR_TAG_REFUSED', tag: 'bad' });
    // A connection that is asked for a refused tag is given up.
    const arrivals = indexer.connections.flatMap((connection) => connection.arrivals);
    expect(arrivals).toContainEqual(expectedArrival(entry(1)));
    await producer.close();
  });
});

describe('a producer that finds no room', () => {
  it('waits, says so, and goes on when there is some', async () => {
    const [one, other] = [await unusedAddress(), await unusedAddress()];
    const muxer = newMuxer({ targets: [one.address, other.address], ringBytes: SMALL_RING });
    muxer.start();
    const thread = await ProducerThread.open(muxer);
    const written = await thread.do<number>('fill', { from: 0, bytes: 1000 });
    expect(await thread.call('willBlock')).toBe(true);
    expect(await thread.call('stats')).toMatchObject({ backlogEntries: 1, ringBytes: SMALL_RING });
    expect(muxer.stats()).toMatchObject({ writtenEntries: 0, producers: 1 });
    expect(muxer.stats().producerBytes).toBeGreaterThan(SMALL_RING / 2);
    await expect(thread.call('sync', { timeout: 1 })).rejects.toMatchObject({
      code: 'ERR_WAIT_TIMEOUT',
    });
    const indexer = await Receiver.start(one);
    await thread.event('drain');
    await thread.call('sync');
    expect(await thread.call('willBlock')).toBe(false);
    expect(numbersOf(indexer.received)).toEqual(range(0, written));
  });

  it('does not keep the muxer from writing, nor the muxer a producer', async () => {
    const { indexer, muxer } = await connected({ ringBytes: SMALL_RING });
    const thread = await ProducerThread.open(muxer);
    // Each of these writers keeps an entry in the backlog as long as it can.
    const writers = range(0, 100).map(async (writer) => {
      for (let i = 0; i < 20; i++) await muxer.writeEntry(entry(20 * writer + i, 2000));
    });
    await thread.do('write', { from: 0, count: 2000, bytes: 1000, way: 'writeBatch' });
    await Promise.all([...writers, thread.call('sync')]);
    await muxer.sync();
    expect(indexer.received).toHaveLength(4000);
  });
});
