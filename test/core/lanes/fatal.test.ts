import { once } from 'node:events';

import { AllTargetsFailedError, ConnectionError, WriteAbandonedError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { entries, entry } from '../../support/entries.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const expected = (from: number, to: number) => expectedArrivals(entries(from, to));

describe('an indexer older than minVersion', () => {
  it('is an error, which the status shows, and is not tried again', async () => {
    const old = await ScriptedIndexer.listen({ version: 4 });
    // Nothing listens at the other: it is tried again and again.
    const targets = [old.address, 'tcp://127.0.0.1:1'];
    const muxer = newMuxer({ targets, minVersion: 5 });
    muxer.start();
    const [error] = await once(muxer, 'error');
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ reason: 'version', target: old.address });
    expect(error.message).toContain('speaks API version 4: version 5 is the least that is wanted');
    expect(muxer.status()).toMatchObject({
      state: 'running',
      targets: [
        { target: old.address, hot: 0, lanes: 1, fatalError: error, lastError: error },
        { fatalError: undefined },
      ],
    });
    expect(muxer.stats().lanes[0]).toMatchObject({ state: 'closed', lastError: error });
    for (let tries = 0; tries < 4; tries++) await once(muxer, 'lost');
    expect(old.connections).toHaveLength(1);
    expect(old.connections[0]?.heard).toEqual([]);
  });

  it('is told of each time, by every one of many lanes', async () => {
    const old = await ScriptedIndexer.listen({ version: 1 });
    const targets = [old.address];
    for (let i = 0; i < 3; i++) {
      const errors: Error[] = [];
      const muxer = newMuxer({ targets, minVersion: 9, connectionsPerTarget: 8, workers: 2 });
      const all = new Promise<void>((resolve) => {
        muxer.on('error', (error) => {
          errors.push(error);
          if (errors.length === 8) resolve();
        });
      });
      muxer.start();
      await expect(muxer.waitForHot({ timeout: 10_000 })).rejects.toThrow(AllTargetsFailedError);
      await all;
      expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    }
  });

  it('and one as old as that are told apart', async () => {
    const indexer = await ScriptedIndexer.listen({ version: 5, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], minVersion: 5 });
    muxer.writeEntry(entry(0));
    await muxer.sync();
    expect(muxer.status().targets[0]?.fatalError).toBeUndefined();
  });

  it('leaves the others to go on', async () => {
    const old = await ScriptedIndexer.listen({ version: 8 });
    const recording = await RecordingIndexer.start();
    const muxer = newMuxer({ targets: [old.address, recording.address], minVersion: 9 });
    const failed = new Promise((resolve) => muxer.once('error', resolve));
    muxer.start();
    const waiting = muxer.writeBatch(entries(0, 50));
    await failed;
    await muxer.waitForHot({ timeout: 45_000 });
    await waiting;
    muxer.writeBatch(entries(50, 100));
    await muxer.sync();
    expectArrivals(recording.received, expected(0, 100));
    expect(muxer.status().targets.map(({ hot }) => hot)).toEqual([0, 1]);
    expect(muxer.negotiateTag('late')).toBe(1);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('that takes the place of a newer one loses what that had not confirmed to another', async () => {
    const first = await ScriptedIndexer.listen();
    const recording = await RecordingIndexer.start();
    const muxer = await wholeMuxer({
      ...{ targets: [first.address, recording.address], minVersion: 9, batchBytes: 1 },
    });
    for (const one of entries(0, 100)) muxer.writeEntry(one);
    const connection = await first.hot(0);
    await connection.until('entries', () => connection.frames.length > 0);
    const { port } = first;
    // All are lost, and when the first one is back it is too old.
    await Promise.all([first.close(), recording.indexer.close()]);
    await expect.poll(() => muxer.hot()).toBe(0);
    const failed = new Promise((resolve) => muxer.once('error', resolve));
    const old = await ScriptedIndexer.listen({ port, version: 8 });
    await failed;
    const listen = recording.address.replace('tcp://', '');
    const again = await RecordingIndexer.start({ listen });
    await muxer.sync({ timeout: 45_000 });
    const keys = [...recording.received, ...again.received].map(
      ({ bytes }) => `${bytes.toString('hex')}`,
    );
    const wanted = expected(0, 100).map(({ bytes }) => bytes.toString('hex'));
    expect(wanted.filter((key) => !keys.includes(key))).toEqual([]);
    expect(old.connections).toHaveLength(1);
  });
});

describe('a muxer whose targets have all failed', () => {
  it('takes nothing, waits for nothing, and says why', async () => {
    const old = [
      await ScriptedIndexer.listen({ version: 3 }),
      await ScriptedIndexer.listen({ version: 2 }),
    ];
    const muxer = newMuxer({ targets: old.map(({ address }) => address), minVersion: 9 });
    muxer.start();
    const waiting = muxer.writeBatch(entries(0, 3));
    const synced = muxer.sync();
    const barrier = muxer.barrier();
    const hot = muxer.waitForHot();
    await expect(hot).rejects.toThrow(AllTargetsFailedError);
    await expect(synced).rejects.toThrow(/every target has failed for good: .*API version [23]/);
    await expect(barrier).rejects.toThrow(AllTargetsFailedError);
    await expect(waiting).rejects.toMatchObject({
      ...{ code: 'ERR_WRITE_ABANDONED', accepted: 0, refused: 3 },
      cause: { code: 'ERR_ALL_TARGETS_FAILED', cause: { reason: 'version' } },
    });
    expect(() => muxer.writeEntry(entry(0))).toThrow(AllTargetsFailedError);
    expect(() => muxer.writeBatch([entry(0)])).toThrow(AllTargetsFailedError);
    await expect(muxer.sync()).rejects.toThrow(AllTargetsFailedError);
    await expect(muxer.barrier()).rejects.toThrow(AllTargetsFailedError);
    await expect(muxer.waitForHot()).rejects.toThrow(AllTargetsFailedError);
    await expect(muxer.dittoWrite([entry(0)])).rejects.toThrow(AllTargetsFailedError);
    expect(muxer.status().targets.map(({ fatalError }) => fatalError)).toEqual([
      expect.any(ConnectionError),
      expect.any(ConnectionError),
    ]);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(muxer.status().state).toBe('closed');
  });

  it('closes at once, and counts what it had accepted', async () => {
    const old = await ScriptedIndexer.listen({ version: 3 });
    const muxer = newMuxer({
      ...{ targets: [old.address], minVersion: 9 },
      ...{ ringBytes: SMALL_RING, closeTimeout: 600_000 },
    });
    muxer.start();
    // With one target entries wait in its ring: so much of them is accepted.
    let accepted = 0;
    let waiting: Promise<void> | undefined;
    while (waiting === undefined) {
      waiting = muxer.writeEntry(entry(accepted, 1000));
      if (waiting === undefined) accepted++;
    }
    await expect(waiting).rejects.toThrow(WriteAbandonedError);
    expect(accepted).toBeGreaterThan(50);
    expect(await muxer.close()).toEqual({ unconfirmed: accepted, cached: 0 });
  });
});
