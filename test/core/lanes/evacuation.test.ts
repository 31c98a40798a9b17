import { once } from 'node:events';
import { type EntryInput, EnumeratedType, EnumeratedValue, type IngestMuxer } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type Arrival,
  expectArrivals,
  expectedArrival,
  expectedArrivals,
  keyOf,
} from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { entries, entry } from '../../support/entries.js';
import { hotMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { startIndexer } from '../../support/node-process.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { watchThreads } from '../../support/threads.js';
import { MANY_PATHS, WRITE_PATHS, writeBy } from '../../support/write-paths.mjs';

const NEVER = { firstRetry: 600_000, mostRetry: 600_000 };

/** Numbers of tags that no other indexer gives. */
const SHIFTED = {
  numberTags: (names: readonly string[]) => new Map(names.map((name, i) => [name, 9000 - i])),
};

const keys = (arrivals: readonly Arrival[]) => arrivals.map(keyOf).sort();

async function writeAll(muxer: IngestMuxer, some: readonly EntryInput[]): Promise<void> {
  for (const one of some) await muxer.writeEntry(one);
}

/** Confirms what comes, until the connection ends. */
async function confirmAll(connection: ScriptedConnection): Promise<void> {
  for (let confirmed = 0; !connection.isEnded; confirmed = connection.frames.length) {
    connection.confirmThrough(connection.frames.length);
    await connection
      .until('more', () => connection.frames.length > confirmed || connection.isEnded)
      .catch(() => {});
  }
}

/**
 * A muxer whose first lane holds what `write` wrote, unconfirmed, while the second one, to
 * `refuge`, became hot after that. Neither is tried again when it is lost.
 */
async function besideRefuge(
  ringBytes: number,
  script: { readonly confirms?: 'at once' },
  write: (muxer: IngestMuxer, connection: ScriptedConnection) => void | Promise<void>,
) {
  const first = await ScriptedIndexer.listen();
  const readiness = [false];
  const second = await ScriptedIndexer.listen({ ...script, readiness, ...SHIFTED });
  const targets = [first.address, second.address];
  const muxer = await hotMuxer({ ringBytes, targets, workers: 2, times: NEVER });
  const connection = await first.hot(0);
  await write(muxer, connection);
  await connection.entries(muxer.stats().writtenEntries);
  const bothHot = once(muxer, 'hot');
  readiness.push(true);
  await bothHot;
  return { first, refuge: await second.hot(0), muxer };
}

describe('entries of a lane that is lost', () => {
  it.each(WRITE_PATHS)(
    'go to the one that is hot, of every kind, and count once, by %s',
    async (path) => {
      const values = [EnumeratedValue.of('a', EnumeratedType.string, 'b')];
      let late = 0;
      const written = () => [
        ...Array.from({ length: 200 }, (_, i): EntryInput => entry(i, i % 300, i % 2 ? late : 0)),
        { ...entry(200, 100, late), source: '10.9.8.7' },
        { ...entry(201), source: '2001:db8::1', enumeratedValues: values },
        entry(202, 70_000, late),
        { ...entry(203, 150_000), enumeratedValues: values, source: '10.1.1.1' },
        entry(204, 0, 0xffff),
      ];
      const { first, refuge, muxer } = await besideRefuge(
        4 * SMALL_RING,
        { confirms: 'at once' },
        async (muxer, connection) => {
          late = muxer.negotiateTag('late');
          // A lane asks for a tag only while all that it has sent is confirmed, and here nothing is.
          await connection.until('TAG', () => connection.heard.includes('tag'));
          writeBy(path, muxer, written());
        },
      );
      await first.close();
      await muxer.sync({ timeout: 45_000 });
      const names = ['test', 'late'];
      const wanted = written().map((one) =>
        expectedArrival(one, names[one.tag] ?? `number ${one.tag}`),
      );
      expectArrivals(refuge.arrivals, wanted);
      const { lanes, ...total } = muxer.stats();
      const bytes = written().reduce((sum, { data }) => sum + 46 + (data as Buffer).length, 0);
      const valueBytes = total.writtenBytes - bytes;
      expect(valueBytes).toBeGreaterThan(0);
      expect(valueBytes).toBeLessThan(100);
      expect(total).toMatchObject({
        ...{ writtenEntries: 205, confirmedEntries: 205, resentEntries: 205, sentEntries: 410 },
        ...{ confirmedBytes: total.writtenBytes, resentBytes: total.writtenBytes },
        ...{ unconfirmedBytes: 0, refusedEntries: 0, backlogEntries: 0 },
      });
      expect(lanes.map(({ evacuatedEntries }) => evacuatedEntries)).toEqual([205, 0]);
      expect(lanes.map(({ writtenEntries }) => writtenEntries)).toEqual([205, 205]);
    },
  );

  it.each(MANY_PATHS)('are waited for by everybody who waited for them, by %s', async (path) => {
    const { first, refuge, muxer } = await besideRefuge(SMALL_RING, {}, (muxer) => {
      writeBy(path, muxer, entries(0, 50));
    });
    const over: string[] = [];
    const wait = (name: string, promise: Promise<void>) => promise.then(() => over.push(name));
    const before = [wait('sync', muxer.sync()), wait('barrier', muxer.barrier())];
    const lost = once(muxer, 'lost');
    await first.close();
    before.push(wait('meanwhile', muxer.barrier()));
    await lost;
    await refuge.entries(50);
    const after = wait('after', muxer.sync());
    refuge.confirmThrough(49);
    await expect.poll(() => muxer.stats().lanes[1]?.confirmedEntries).toBe(49);
    await new Promise(setImmediate);
    expect(over).toEqual([]);
    refuge.confirmThrough(50);
    await Promise.all([...before, after]);
    expectArrivals(refuge.arrivals, expectedArrivals(entries(0, 50)));
    // What is written from here on has nothing to do with it.
    const later = muxer.barrier();
    muxer.writeEntry(entry(50));
    await later;
    await refuge.entries(51);
    refuge.confirmThrough(51);
    await muxer.sync();
  });

  it('wait for room, and go on when there is some, though nothing is written meanwhile', async () => {
    const ringBytes = SMALL_RING;
    const frame = 146;
    const count = Math.floor(ringBytes / frame) - 1;
    const { first, refuge, muxer } = await besideRefuge(ringBytes, {}, (muxer) => {
      for (const one of entries(0, count)) expect(muxer.writeEntry(one)).toBeUndefined();
    });
    // The first lane is full: the second one gets these, and has half of its room left.
    const more = entries(count, count + Math.floor(count / 2));
    for (const one of more) muxer.writeEntry(one);
    await refuge.entries(more.length);
    const synced = muxer.sync();
    // A slice is over at each look at the clock, after 64 entries.
    let looks = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1e9 + 10 * looks++);
    onTestFinished(() => clock.mockRestore());
    let most = 0;
    let moved = 0;
    let isOver = false;
    const look = () => {
      const { evacuatedEntries = 0 } = muxer.stats().lanes[0] ?? {};
      most = Math.max(most, evacuatedEntries - moved);
      moved = evacuatedEntries;
      if (!isOver) setImmediate(look);
    };
    look();
    await first.close();
    // Now the refuge is full, and the rest waits.
    await expect
      .poll(() => muxer.stats().lanes[1]?.unconfirmedBytes)
      .toBeGreaterThan(ringBytes - 2 * frame);
    isOver = true;
    expect(moved).toBeGreaterThan(128);
    // One slice is due at the end of a turn, and one may come with a message of a worker.
    expect(most).toBeLessThanOrEqual(128);
    expect(muxer.stats().lanes[0]?.unconfirmedBytes).toBeGreaterThan(0);
    void confirmAll(refuge);
    await synced;
    expect(keys(refuge.arrivals)).toEqual(keys(expectedArrivals([...more, ...entries(0, count)])));
    expect(muxer.stats()).toMatchObject({ writtenEntries: refuge.frames.length });
  });

  it('go by its own connection when that is back before there is room elsewhere', async () => {
    const ringBytes = SMALL_RING;
    const first = await ScriptedIndexer.listen();
    const second = await ScriptedIndexer.listen();
    const targets = [first.address, second.address];
    const muxer = await wholeMuxer({ targets, ringBytes });
    let count = 0;
    while (!muxer.willBlock(500)) muxer.writeEntry(entry(count++, 500));
    const before = await first.hot(0);
    await before.entries(muxer.stats().lanes[0]?.writtenEntries ?? 0);
    before.socket.destroy();
    // The other one is full, and confirms nothing.
    const again = await first.hot(1);
    void confirmAll(again);
    const full = await second.hot(0);
    const all = () => again.frames.length + full.frames.length;
    await again.until('all entries', () => all() >= count);
    void confirmAll(full);
    await muxer.sync({ timeout: 45_000 });
    const wanted = Array.from({ length: count }, (_, i) => entry(i, 500));
    expect(keys([...again.arrivals, ...full.arrivals])).toEqual(keys(expectedArrivals(wanted)));
  });

  it('go elsewhere also when its connections come and go while they wait for room', async () => {
    const first = await ScriptedIndexer.listen();
    const second = await ScriptedIndexer.listen();
    const targets = [first.address, second.address];
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING });
    let count = 0;
    while (!muxer.willBlock(500)) muxer.writeEntry(entry(count++, 500));
    for (let i = 0; i < 6; i++) {
      const connection = await first.hot(i);
      if (i % 2 === 0) connection.socket.destroy();
      else connection.socket.end();
    }
    await first.close();
    const full = await second.hot(0);
    void confirmAll(full);
    await muxer.sync({ timeout: 45_000 });
    const wanted = Array.from({ length: count }, (_, i) => entry(i, 500));
    expect(keys(full.arrivals)).toEqual(keys(expectedArrivals(wanted)));
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('that are written in the very turn in which it is lost go elsewhere as well', async () => {
    const started = [await startIndexer('--listen', '127.0.0.1:0')];
    started.push(await startIndexer('--listen', '127.0.0.1:0'));
    const targets = started.map(({ address }) => `tcp://${address}`);
    const muxer = await wholeMuxer({ targets, workers: 2, times: NEVER });
    const lost = once(muxer, 'lost');
    // After timers the loop reads messages, and ends the turn of a batch only then.
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        const before = muxer.stats().lanes.map(({ writtenEntries }) => writtenEntries);
        muxer.writeEntry(entry(0));
        const chosen = muxer
          .stats()
          .lanes.findIndex(({ writtenEntries }, i) => writtenEntries > (before[i] ?? 0));
        started[chosen]?.indexer.kill('SIGKILL');
        const end = performance.now() + 5000;
        while (muxer.stats().lanes[chosen]?.state !== 'parked' && performance.now() < end);
        const heard = performance.now() + 50;
        while (performance.now() < heard);
        resolve();
      }, 1),
    );
    await lost;
    await muxer.sync({ timeout: 45_000 });
    expect(muxer.stats()).toMatchObject({ hot: 1, writtenEntries: 1, confirmedEntries: 1 });
  });

  it('go to the third when two are lost at once', async () => {
    const lost = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const last = await ScriptedIndexer.listen();
    const targets = [...lost, last].map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1, times: NEVER });
    muxer.writeBatch(entries(0, 10));
    await writeAll(muxer, entries(10, 300));
    const total = () =>
      [...lost, last].reduce((sum, one) => sum + (one.connections[0]?.frames.length ?? 0), 0);
    const connection = await last.hot(0);
    await expect.poll(total).toBe(300);
    const kept = connection.frames.length;
    expect(kept).toBeLessThan(300);
    const synced = muxer.sync();
    await Promise.all(lost.map((one) => one.close()));
    void confirmAll(connection);
    await synced;
    expect(keys(connection.arrivals)).toEqual(keys(expectedArrivals(entries(0, 300))));
    const { writtenEntries, resentEntries } = muxer.stats();
    expect(writtenEntries).toBe(300);
    // What went from the first of them to the other one before that was lost too is sent twice.
    expect(resentEntries).toBeGreaterThanOrEqual(300 - kept);
    expect(resentEntries).toBeLessThanOrEqual(2 * (300 - kept));
  });

  it('wait while all are lost, and go to the one that returns', async () => {
    const lost = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = lost.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    for (const one of entries(0, 200)) muxer.writeEntry(one);
    const total = () =>
      lost.reduce((sum, one) => sum + (one.connections[0]?.frames.length ?? 0), 0);
    await expect.poll(total).toBe(200);
    const port = lost[1]?.port ?? 0;
    await Promise.all(lost.map((one) => one.close()));
    await expect.poll(() => muxer.hot()).toBe(0);
    const waiting = muxer.writeEntry(entry(200));
    const synced = muxer.sync();
    const recording = await CollectingIndexer.start({ port });
    await synced;
    await waiting;
    expect(keys(recording.received)).toEqual(keys(expectedArrivals(entries(0, 201))));
  });

  it('whose worker thread died go to the one on another thread', async () => {
    const threads = watchThreads();
    const { refuge, muxer } = await besideRefuge(SMALL_RING, { confirms: 'at once' }, (muxer) => {
      for (const one of entries(0, 100)) muxer.writeEntry(one);
      muxer.writeEntry(entry(100, 100_000));
    });
    const synced = muxer.sync({ timeout: 45_000 });
    await threads[0]?.terminate();
    await synced;
    const wanted = [...entries(0, 100), entry(100, 100_000)];
    expectArrivals(refuge.arrivals, expectedArrivals(wanted));
    expect(muxer.stats()).toMatchObject({ writtenEntries: 101, resentEntries: 101 });
  });
});
