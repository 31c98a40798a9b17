import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { type EntryInput, type IngestMuxer, TagRefusedError } from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Arrival, expectArrivals, expectedArrival, keyOf } from '../../support/arrivals.js';
import { collectLogs, hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { WRITE_PATHS, writeBy } from '../../support/write-paths.mjs';

const entry = (i: number, tag: number, bytes = 50): EntryInput => ({
  timestamp: i,
  tag,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

const expected = (muxer: IngestMuxer, entries: readonly EntryInput[]) =>
  entries.map((one) => expectedArrival(one, muxer.lookupTag(one.tag)));

/** An indexer that refuses the tag `bad` on its first connections, by request and by TAG. */
function refusing(connections: number, script: { readonly version?: number } = {}) {
  const refuses = (name: string, connection: number) => name === 'bad' && connection < connections;
  return ScriptedIndexer.listen({
    ...script,
    confirms: 'at once',
    numberTags: (names, connection) =>
      names.some((name) => refuses(name, connection))
        ? new Map()
        : new Map(names.map((name, i) => [name, 500 + i])),
    numberTag: (name, connection) =>
      refuses(name, connection) ? undefined : name.charCodeAt(0) + connection * 1000,
  });
}

/** The errors of a muxer from now on. */
function collectErrors(muxer: IngestMuxer): Error[] {
  const errors: Error[] = [];
  muxer.on('error', (error) => errors.push(error));
  return errors;
}

describe('a tag that the only indexer refuses', () => {
  it('is told by an error, is in the status, and writes with it throw; others flow', async () => {
    const indexer = await refusing(Number.POSITIVE_INFINITY);
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const refused = once(muxer, 'error');
    const bad = muxer.negotiateTag('bad');
    const good = muxer.negotiateTag('good');
    const [error] = await refused;
    expect(error).toBeInstanceOf(TagRefusedError);
    expect(error).toMatchObject({ code: 'ERR_TAG_REFUSED', tag: 'bad' });
    expect(() => muxer.writeEntry(entry(0, bad))).toThrow(TagRefusedError);
    expect(() => muxer.writeBatch([entry(0, good), entry(1, bad)])).toThrow(
      /refuses the tag "bad"/,
    );
    expect(muxer.status().targets[0]?.refusedTags).toEqual(['bad']);
    const refuses = (name: string) => muxer.isTagRefused(name);
    expect([' bad ', 'good', 'unknown'].map(refuses)).toEqual([true, false, false]);
    expect(muxer.negotiateTag('bad')).toBe(bad);
    const others = [entry(0, 0), entry(1, good)];
    muxer.writeBatch(others);
    await muxer.sync();
    const connection = await indexer.hot(0);
    expectArrivals(connection.arrivals, expected(muxer, others));
    expect(connection.heard.filter((kind) => kind === 'tag')).toHaveLength(2);
    expect(muxer.stats()).toMatchObject({ reconnects: 0, refusedEntries: 0 });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    // Nobody is connected who could refuse it.
    expect(refuses('bad')).toBe(false);
  });

  it.each(WRITE_PATHS)(
    'keeps entries that were accepted before, until the indexer takes it, by %s',
    async (path) => {
      const indexer = await refusing(2);
      const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
      await indexer.hot(0);
      const errors = collectErrors(muxer);
      const lost = new Promise((resolve) => muxer.once('lost', resolve));
      const bad = muxer.negotiateTag('bad');
      // Small and large ones, between others that must not be stopped by them.
      const entries = [0, bad, 0, bad, bad, 0].map((tag, i) =>
        entry(i, tag, i === 3 ? 40_000 : 50),
      );
      writeBy(path, muxer, entries);
      expect(await lost).toMatchObject({
        reason: 'tags',
        message: `${indexer.address}: the indexer has refused tag 'bad', which entries carry`,
      });
      const others = expected(muxer, [entry(2, 0), entry(5, 0)]);
      const second = await indexer.hot(1);
      const isLast = () =>
        second.arrivals.some((one) => keyOf(one) === keyOf(others[1] as Arrival));
      await second.until('the others', isLast);
      // The first entry may come again: its confirmation may have come too late.
      expectArrivals(second.arrivals.slice(-2), others);
      expect(muxer.stats().refusedEntries).toBe(3);
      expect(errors).toContainEqual(expect.any(TagRefusedError));
      await expect(muxer.sync()).rejects.toThrow(TagRefusedError);
      expect(() => muxer.writeEntry(entry(9, bad))).toThrow(TagRefusedError);

      second.socket.destroy();
      await expect.poll(() => muxer.stats().refusedEntries).toBe(0);
      await muxer.sync({ timeout: 45_000 });
      const third = await indexer.hot(2);
      const waited = entries.filter(({ tag }) => tag === bad);
      expectArrivals(third.arrivals, expected(muxer, waited));
      expect(muxer.stats()).toMatchObject({
        refusedEntries: 0,
        writtenEntries: 6,
        confirmedEntries: 6,
      });
      expect(muxer.status().targets[0]?.refusedTags).toEqual([]);
      muxer.writeEntry(entry(9, bad));
      await muxer.sync();
    },
  );

  it('leaves what was accepted with it unconfirmed at the end, which close counts', async () => {
    const indexer = await refusing(Number.POSITIVE_INFINITY);
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const refused = once(muxer, 'error');
    const bad = muxer.negotiateTag('bad');
    for (let i = 0; i < 5; i++) muxer.writeEntry(entry(i, i % 2 === 0 ? bad : 0));
    await refused;
    const connection = await indexer.hot(1);
    await connection.until(
      'the others',
      () =>
        indexer.connections[0] !== undefined &&
        connection.frames.length + indexer.connections[0].frames.length === 2,
    );
    expect(await muxer.close()).toEqual({ unconfirmed: 3, cached: 0 });
  });

  it('when the request is refused as a whole is found by asking for each alone', async () => {
    const indexer = await refusing(Number.POSITIVE_INFINITY);
    const muxer = newMuxer({ targets: [indexer.address], tags: ['one', 'bad', 'two'] });
    const errors = collectErrors(muxer);
    muxer.start();
    await muxer.waitForHot({ timeout: 45_000 });
    for (const [i, tag] of [0, 2, 0].entries()) muxer.writeEntry(entry(i, tag));
    await muxer.sync();
    const second = await indexer.hot(1);
    expectArrivals(second.arrivals, expected(muxer, [entry(0, 0), entry(1, 2), entry(2, 0)]));
    await second.until(
      'all TAGs',
      () => second.heard.filter((kind) => kind === 'tag').length === 3,
    );
    expect(muxer.status().targets[0]?.refusedTags).toEqual(['bad']);
    expect(errors).toEqual([expect.any(TagRefusedError)]);
    expect(muxer.stats().lanes[0]?.lastError).toMatchObject({ reason: 'tags' });
  });

  it('is taken again after its worker died, if the indexer wants it by then', async () => {
    const threads: Worker[] = [];
    const started = (thread: Worker) => {
      threads.push(thread);
    };
    process.on('worker', started);
    onTestFinished(() => {
      process.off('worker', started);
    });
    const indexer = await refusing(1);
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const refused = once(muxer, 'error');
    const bad = muxer.negotiateTag('bad');
    await refused;
    await threads[0]?.terminate();
    const second = await indexer.hot(1);
    await muxer.waitForHot({ timeout: 45_000 });
    expect(muxer.status().targets[0]?.refusedTags).toEqual([]);
    muxer.writeEntry(entry(0, bad));
    await muxer.sync({ timeout: 45_000 });
    expectArrivals(second.arrivals, expected(muxer, [entry(0, bad)]));
  });

  it('does not hold up the embedded indexer, which refuses it by name', async () => {
    const recording = await RecordingIndexer.start({ refuseTag: ['bad'], tags: ['good', 'late'] });
    const muxer = newMuxer({ targets: [recording.address], tags: ['good', 'bad'] });
    const refused = once(muxer, 'error');
    muxer.start();
    const entries = [entry(0, 0), entry(1, muxer.negotiateTag('late')), entry(2, 0)];
    for (const one of entries) muxer.writeEntry(one);
    await muxer.sync();
    expect(await refused).toEqual([expect.any(TagRefusedError)]);
    const arrived = recording.received.map(keyOf).sort();
    expect(arrived).toEqual(expected(muxer, entries).map(keyOf).sort());
  });
});

describe('a tag that one of two indexers refuses', () => {
  it.each(WRITE_PATHS)(
    'goes to the other, before and after, and is no error, by %s',
    async (path) => {
      const strict = await refusing(Number.POSITIVE_INFINITY);
      const recording = await RecordingIndexer.start({ tags: ['test', 'bad'] });
      const targets = [strict.address, recording.address];
      const muxer = await wholeMuxer({ targets, batchBytes: 1 });
      const errors = collectErrors(muxer);
      const bad = muxer.negotiateTag('bad');
      const entries: EntryInput[] = [];
      for (let i = 0; i < 200; i++) entries.push(entry(i, i % 4 === 0 ? bad : 0));
      writeBy(path, muxer, entries.slice(0, 100));
      await muxer.sync({ timeout: 45_000 });
      await expect.poll(() => muxer.dead()).toBe(0);
      writeBy(path, muxer, entries.slice(100));
      await muxer.sync({ timeout: 45_000 });
      const atStrict = strict.connections.flatMap(({ arrivals }) => arrivals);
      const arrived = [...atStrict, ...recording.received].map(keyOf);
      expect(arrived.sort()).toEqual(expected(muxer, entries).map(keyOf).sort());
      expect(atStrict.filter(({ tag }) => tag !== 'test')).toEqual([]);
      expect(atStrict.length).toBeGreaterThan(0);
      expect(errors).toEqual([]);
      expect(muxer.status().targets.map(({ refusedTags }) => refusedTags)).toEqual([['bad'], []]);
    },
  );

  it('is logged once for that indexer, and again after it was taken in between', async () => {
    const { logger, lines } = collectLogs();
    const warnings = () =>
      lines
        .map((line) => JSON.parse(line))
        .filter(({ level, msg }) => level === 40 && msg === 'the indexer refuses a tag')
        .map(({ target, tag }) => ({ target, tag }));
    const moody = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTags: (names, connection) =>
        names.includes('bad') && connection !== 2
          ? new Map()
          : new Map(names.map((name, i) => [name, 500 + i])),
      numberTag: (name, connection) =>
        name === 'bad' && connection !== 2 ? undefined : name.charCodeAt(0),
    });
    const other = await RecordingIndexer.start({ tags: ['test', 'bad'] });
    const muxer = await wholeMuxer({ targets: [moody.address, other.address], logger });
    const errors = collectErrors(muxer);
    const refusedTags = () => muxer.status().targets[0]?.refusedTags;
    const warning = { target: moody.address, tag: 'bad' };
    muxer.negotiateTag('bad');
    await expect.poll(refusedTags).toEqual(['bad']);
    expect(warnings()).toEqual([warning]);

    (await moody.hot(0)).socket.destroy();
    const second = await moody.hot(1);
    await second.until('the question', () => second.heard.includes('tag'));
    second.socket.destroy();
    await expect.poll(refusedTags).toEqual([]);
    expect(warnings()).toEqual([warning]);

    (await moody.hot(2)).socket.destroy();
    await expect.poll(refusedTags).toEqual(['bad']);
    expect(warnings()).toEqual([warning, warning]);
    expect(errors).toEqual([]);
  });

  it('is refused while only that one is there, and waits for the other', async () => {
    const strict = await refusing(Number.POSITIVE_INFINITY);
    const other = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { port } = other;
    const muxer = await wholeMuxer({ targets: [strict.address, other.address] });
    const bad = muxer.negotiateTag('bad');
    await muxer.sync();
    await expect.poll(() => muxer.status().targets[0]?.refusedTags).toEqual(['bad']);
    const refused = once(muxer, 'error');
    await other.close();
    expect(await refused).toEqual([expect.any(TagRefusedError)]);
    expect(() => muxer.writeEntry(entry(0, bad))).toThrow(TagRefusedError);
    muxer.writeEntry(entry(1, 0));
    await muxer.sync({ timeout: 45_000 });

    const recording = await RecordingIndexer.start({
      ...{ listen: `127.0.0.1:${port}`, tags: ['test', 'bad'] },
    });
    await once(muxer, 'hot');
    muxer.writeEntry(entry(2, bad));
    await muxer.sync({ timeout: 45_000 });
    expectArrivals(recording.received, expected(muxer, [entry(2, bad)]));
  });

  it('with entries of it unconfirmed at the other when that is lost keeps them for its return', async () => {
    const strict = await refusing(Number.POSITIVE_INFINITY);
    const other = await ScriptedIndexer.listen();
    const { port } = other;
    const muxer = await wholeMuxer({ targets: [strict.address, other.address], batchBytes: 1 });
    muxer.on('error', () => {});
    const bad = muxer.negotiateTag('bad');
    await expect.poll(() => muxer.status().targets[0]?.refusedTags).toEqual(['bad']);
    const connection = await other.hot(0);
    const entries = Array.from({ length: 10 }, (_, i) => entry(i, bad));
    for (const one of entries) muxer.writeEntry(one);
    await connection.entries(10);
    await other.close();
    await expect.poll(() => muxer.stats().refusedEntries).toBe(10);
    const recording = await RecordingIndexer.start({
      ...{ listen: `127.0.0.1:${port}`, tags: ['test', 'bad'] },
    });
    await muxer.sync({ timeout: 45_000 });
    expectArrivals(recording.received, expected(muxer, entries));
    expect(muxer.stats()).toMatchObject({ refusedEntries: 0, writtenEntries: 10 });
  });
});
