import { once } from 'node:events';
import type { EntryInput } from '@ringest/codec';
import { BatchError, type IngestMuxer } from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import { expectedArrival, keyOf } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

/** Nobody listens there: the port is privileged. */
const DEAD = 'tcp://127.0.0.1:1';

const entry = (i: number, bytes = 200): EntryInput => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

/** An indexer that confirms all that comes. */
const confirming = () => ScriptedIndexer.listen({ confirms: 'at once' });

const arrivalsAt = ({ connections }: ScriptedIndexer) => connections.flatMap((one) => one.arrivals);

async function writeAll(muxer: IngestMuxer, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const wait = muxer.writeEntry(entry(i));
    if (wait) await wait;
  }
}

/** Every entry from 0 to `count` arrived once, at whichever indexer. */
function expectEachOnce(indexers: readonly ScriptedIndexer[], count: number): void {
  const arrived = indexers.flatMap(arrivalsAt).map(keyOf).sort();
  const expected = Array.from({ length: count }, (_, i) => keyOf(expectedArrival(entry(i)))).sort();
  expect(arrived.length).toBe(count);
  expect(arrived.findIndex((key, i) => key !== expected[i])).toBe(-1);
}

const written = (muxer: IngestMuxer) =>
  muxer.stats().lanes.map(({ writtenEntries }) => writtenEntries);

describe('the status of a target', () => {
  it('has the latest error of all its lanes', async () => {
    const indexer = await ScriptedIndexer.listen();
    const times = { firstRetry: 60_000, mostRetry: 60_000 };
    const muxer = await wholeMuxer({ targets: [indexer.address], connectionsPerTarget: 2, times });
    expect(muxer.status().targets[0]?.lastError).toBeUndefined();
    for (const connection of [await indexer.hot(1), await indexer.hot(0)]) {
      const lost = once(muxer, 'lost');
      connection.socket.destroy();
      const [error] = await lost;
      expect(muxer.status().targets[0]?.lastError).toBe(error);
    }
  });
});

describe('several targets', () => {
  it.each([2, 3])('share the load: %s indexers get every entry once', async (count) => {
    const indexers = await Promise.all(Array.from({ length: count }, confirming));
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING, batchBytes: 4096 });
    await writeAll(muxer, 0, 3000);
    await muxer.sync();
    expectEachOnce(indexers, 3000);
    expect(written(muxer)).toEqual(indexers.map((indexer) => arrivalsAt(indexer).length));
    for (const ofLane of written(muxer)) expect(ofLane).toBeGreaterThan(0);
    expect(muxer.stats()).toMatchObject({ hot: count, confirmedEntries: 3000 });
  });

  it('may have several connections each, which share the load as well', async () => {
    const indexers = [await confirming(), await confirming()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({
      ...{ targets, connectionsPerTarget: 2, workers: 2 },
      ...{ ringBytes: SMALL_RING, batchBytes: 4096 },
    });
    await writeAll(muxer, 0, 3000);
    await muxer.sync();
    expectEachOnce(indexers, 3000);
    expect(indexers.map(({ connections }) => connections.length)).toEqual([2, 2]);
    for (const ofLane of written(muxer)) expect(ofLane).toBeGreaterThan(0);
  });

  it('may all run on one thread', async () => {
    const indexers = [await confirming(), await confirming()];
    const targets = indexers.map(({ address }) => address);
    const threads = vi.fn();
    process.on('worker', threads);
    const muxer = await wholeMuxer({ targets, connectionsPerTarget: 2, workers: 1 });
    process.off('worker', threads);
    expect(threads).toHaveBeenCalledTimes(1);
    await writeAll(muxer, 0, 1000);
    await muxer.sync();
    expectEachOnce(indexers, 1000);
  });

  it('of which one is dead leave it out', async () => {
    const indexer = await confirming();
    const muxer = newMuxer({ targets: [DEAD, indexer.address], batchBytes: 4096 });
    const lost = once(muxer, 'lost');
    muxer.start();
    await Promise.all([muxer.waitForHot(), lost]);
    expect([muxer.hot(), muxer.dead(), muxer.size()]).toEqual([1, 1, 2]);
    await writeAll(muxer, 0, 1000);
    await muxer.sync();
    expectEachOnce([indexer], 1000);
    expect(written(muxer)).toEqual([0, 1000]);
    const [dead, live] = muxer.stats().lanes;
    expect(dead).toMatchObject({ target: DEAD, reconnects: 0 });
    expect(['connecting', 'parked']).toContain(dead?.state);
    expect(dead?.lastError?.message).toContain('ECONNREFUSED');
    expect(live).toMatchObject({ state: 'hot', lastError: undefined, indexerVersion: 9 });
  });

  it('of which one is dead leave it out also when the other one has no room', async () => {
    const indexer = await ScriptedIndexer.listen();
    const targets = [DEAD, indexer.address];
    const muxer = await hotMuxer({ targets, ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    let wait: Promise<void> | undefined;
    let count = 0;
    for (; wait === undefined && count < 1000; count++) wait = muxer.writeEntry(entry(count));
    wait?.catch(() => {});
    expect(written(muxer)).toEqual([0, count - 1]);
    await connection.entries(count - 1);
    connection.confirmThrough(count - 1);
    await wait;
    await connection.entries(count);
    connection.confirmThrough(count);
    await muxer.sync({ timeout: 45_000 });
  });

  it('of which one has died leave it out from then on', async () => {
    const alive = await confirming();
    const mortal = await ScriptedIndexer.listen({ confirms: 'at once' });
    const targets = [mortal.address, alive.address];
    const times = { firstRetry: 300, mostRetry: 300 };
    const muxer = await wholeMuxer({ targets, batchBytes: 1, times });
    const lost = new Promise((resolve) => {
      muxer.once('lost', () => {
        const before = [muxer.hot(), ...written(muxer)];
        for (let i = 0; i < 1000; i++) muxer.writeEntry(entry(i));
        resolve([before, written(muxer)]);
      });
    });
    await mortal.close();
    expect(await lost).toEqual([
      [1, 0, 0],
      [0, 1000],
    ]);
    await muxer.sync({ timeout: 45_000 });
    expect(arrivalsAt(alive)).toHaveLength(1000);
  });

  it('of which one has died leave it out, whatever was refused before', async () => {
    const alive = await confirming();
    const mortal = await ScriptedIndexer.listen();
    const muxer = await wholeMuxer({ targets: [mortal.address, alive.address] });
    // A batch that is taken back leaves no trace, nor a lane to go on with.
    expect(() => muxer.writeBatch([entry(0), { ...entry(1), tag: 7 }])).toThrow(BatchError);
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    await mortal.close();
    await lost;
    await eventually(() => expect(muxer.hot()).toBe(1));
    muxer.writeEntry(entry(0));
    expect(written(muxer)).toEqual([0, 1]);
    await muxer.sync({ timeout: 45_000 });
    expectEachOnce([alive], 1);
  });

  it('take an entry that was under way to a dead one when it comes back', async () => {
    const mortal = await ScriptedIndexer.listen();
    const { port } = mortal;
    const muxer = await wholeMuxer({ targets: [mortal.address] });
    const connection = await mortal.hot(0);
    await writeAll(muxer, 0, 10);
    await connection.entries(10);
    connection.confirmThrough(4);
    await eventually(() => expect(muxer.stats().confirmedEntries).toBe(4));
    await mortal.close();
    const recording = await RecordingIndexer.start({ listen: `127.0.0.1:${port}` });
    await muxer.sync();
    expect(recording.received.map(keyOf)).toEqual(
      Array.from({ length: 6 }, (_, i) => keyOf(expectedArrival(entry(i + 4)))),
    );
  });

  it('go on with those that confirm when one confirms nothing', async () => {
    const alive = await confirming();
    const stuck = await ScriptedIndexer.listen();
    const targets = [stuck.address, alive.address];
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING, batchBytes: 4096 });
    await writeAll(muxer, 0, 3000);
    const [atStuck = 0, atAlive = 0] = written(muxer);
    expect(atStuck + atAlive).toBe(3000);
    expect(200 * atStuck).toBeLessThan(SMALL_RING);
    const connection = await stuck.hot(0);
    await connection.entries(atStuck);
    connection.confirmThrough(atStuck);
    await muxer.sync({ timeout: 45_000 });
    expectEachOnce([stuck, alive], 3000);
  });
});
