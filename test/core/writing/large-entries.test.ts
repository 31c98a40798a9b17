import { type EntryInput, EnumeratedType, EnumeratedValue } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival, expectedArrivals } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const MEBIBYTE = 2 ** 20;

/** Entry `i` of a size, whose bytes are unlike those of its neighbours and of other entries. */
function entry(i: number, bytes: number): EntryInput {
  const data = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4) data.writeInt32LE(Math.imul(at + i, 0x9e3779b1), at);
  return { timestamp: i, tag: i % 2, data, source: i % 3 === 0 ? undefined : '10.1.2.3' };
}

const TAGS = ['even', 'odd'];
const expectation = (one: EntryInput) => expectedArrival(one, TAGS[one.tag]);

describe('entries larger than the ring', () => {
  it('arrive to the byte, up to 20 MB', async () => {
    const recording = await RecordingIndexer.start({ tags: TAGS });
    const muxer = await hotMuxer({
      targets: [recording.address],
      tags: TAGS,
      ringBytes: SMALL_RING,
    });
    const entries = [entry(0, MEBIBYTE), entry(1, 20_000_000), entry(2, 3)];
    for (const one of entries) await muxer.writeEntry(one);
    await muxer.sync();
    expectArrivals(recording.received, entries.map(expectation));
  });

  it('keep their order among each other and among small ones', async () => {
    const recording = await RecordingIndexer.start({ tags: TAGS });
    const muxer = await hotMuxer({
      targets: [recording.address],
      tags: TAGS,
      ringBytes: SMALL_RING,
    });
    const sizes = [10, 70_000, 20_000, 0, 16_400, 16_338, 16_339, 300_000, 65_536, 100, 1000];
    const entries = Array.from({ length: 200 }, (_, i) =>
      entry(i, sizes[(i * 7) % sizes.length] ?? 0),
    );
    for (const [i, one] of entries.entries()) {
      const wait = i % 2 === 0 ? muxer.writeEntry(one) : muxer.writeBatch([one]);
      if (wait) await wait;
    }
    await muxer.writeBatch(entries);
    await muxer.sync();
    expectArrivals(recording.received, [...entries, ...entries].map(expectation));
    expect(muxer.stats()).toMatchObject({ writtenEntries: 400, confirmedEntries: 400 });
  });

  it('may be text, with enumerated values and any source', async () => {
    const recording = await RecordingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const data = '€uro ✓ \ud83d\ude00 '.repeat(20_000);
    const enumeratedValues = [EnumeratedValue.of('a', EnumeratedType.string, 'b')];
    const entries = [undefined, '::1', '10.0.0.1'].map((source, timestamp) => ({
      ...{ timestamp, tag: 0, data, source, enumeratedValues },
    }));
    for (const one of entries) await muxer.writeEntry(one);
    await muxer.sync();
    expectArrivals(recording.received, expectedArrivals(entries));
  });

  it('that are written before any indexer is hot arrive', async () => {
    const recording = await RecordingIndexer.start({ tags: TAGS });
    const muxer = newMuxer({ targets: [recording.address], tags: TAGS, ringBytes: SMALL_RING });
    muxer.start();
    const entries = [
      entry(0, 10),
      entry(1, 500_000),
      entry(2, 10),
      entry(3, 500_000),
      entry(4, 10),
    ];
    await Promise.all(entries.map((one) => muxer.writeEntry(one)));
    await muxer.sync();
    expectArrivals(recording.received, entries.map(expectation));
  });

  it('go one by one: more of them wait until the one before is confirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      tags: TAGS,
      ringBytes: SMALL_RING,
    });
    const connection = await indexer.hot(0);
    const entries = [entry(0, 100_000), entry(1, 100_000), entry(2, 100_000)];
    const [first, ...others] = entries.map((one) => muxer.writeEntry(one));
    expect(first).toBeUndefined();
    expect(others.every((wait) => wait instanceof Promise)).toBe(true);
    for (let i = 1; i <= 3; i++) {
      await connection.entries(i);
      expect(connection.frames).toHaveLength(i);
      expect(muxer.stats().backlogEntries).toBe(3 - i);
      connection.confirmThrough(i);
    }
    await Promise.all(others);
    await muxer.sync();
    expectArrivals(connection.arrivals, entries.map(expectation));
  });

  it('are sent again when the connection is lost, with the new numbers of their tags', async () => {
    const indexer = await ScriptedIndexer.listen({
      numberTags: (names, connection) =>
        new Map(names.map((name, i) => [name, 100 * (connection + 1) + i])),
    });
    const muxer = await hotMuxer({
      targets: [indexer.address],
      tags: TAGS,
      ringBytes: SMALL_RING,
    });
    const entries = [entry(0, 100), entry(1, 200_000), entry(2, 100), entry(3, 17_000)];
    const writes = entries.map((one) => muxer.writeEntry(one));
    const first = await indexer.hot(0);
    await first.entries(3);
    first.confirmThrough(1);
    while (muxer.stats().confirmedEntries < 1) await new Promise(setImmediate);
    first.socket.destroy();

    const second = await indexer.hot(1);
    await second.entries(2);
    second.socket.destroy();

    const third = await indexer.hot(2);
    await third.entries(2);
    third.confirmThrough(2);
    await third.entries(3);
    third.confirmThrough(3);
    await Promise.all(writes);
    await muxer.sync();
    expectArrivals(first.arrivals.slice(0, 3), entries.slice(0, 3).map(expectation));
    expectArrivals(second.arrivals.slice(0, 2), entries.slice(1, 3).map(expectation));
    expectArrivals(third.arrivals, entries.slice(1).map(expectation));
    expect(third.frames.map(({ entry }) => entry.tag)).toEqual([301, 300, 301]);
    expect(third.frames.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('are sent again as a whole when the connection is lost in the middle of one', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], tags: TAGS });
    const big = entry(1, 30_000_000);
    const first = await indexer.hot(0);
    muxer.writeEntry(entry(0, 10));
    await first.entries(1);
    await muxer.writeEntry(big);
    const { socket } = first;
    const before = socket.bytesRead;
    socket.on('data', () => {
      if (socket.bytesRead > before + MEBIBYTE) socket.destroy();
    });
    const second = await indexer.hot(1);
    await second.entries(2);
    second.confirmThrough(2);
    await muxer.sync();
    expect(first.frames).toHaveLength(1);
    expectArrivals(second.arrivals, [entry(0, 10), big].map(expectation));
  });

  it('count as unconfirmed when the muxer is closed before they are confirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      tags: TAGS,
      ringBytes: SMALL_RING,
    });
    const connection = await indexer.hot(0);
    muxer.writeEntry(entry(0, 10));
    muxer.writeEntry(entry(1, 100_000));
    muxer.writeEntry(entry(2, 10));
    await connection.entries(3);
    expect(await muxer.close()).toEqual({ unconfirmed: 3, cached: 0 });
  });
});
