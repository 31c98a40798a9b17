import { once } from 'node:events';
import { encodeConfirmTag, encodePong, InvalidTagError } from '@ringest/codec';
import {
  type EntryInput,
  GRAVWELL_TAG,
  IngestMuxer,
  NotRunningError,
  remapTag,
  TooManyTagsError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';
import { MANY_PATHS, writeBy } from '../../support/write-paths.mjs';

const GOOD = { targets: ['tcp://127.0.0.1:4023'], secret: 'x' };

const entry = (i: number, tag: number, bytes = 50): EntryInput => ({
  timestamp: i,
  tag,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

const expected = (muxer: IngestMuxer, entries: readonly EntryInput[]) =>
  entries.map((one) => expectedArrival(one, muxer.lookupTag(one.tag)));

describe('a tag negotiated late', () => {
  it('has the next number, a name that is trimmed, and is known by it', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['a'] });
    expect(muxer.negotiateTag(' b\t')).toBe(1);
    expect(muxer.negotiateTag('c')).toBe(2);
    expect(muxer.getTag('b')).toBe(1);
    expect(muxer.lookupTag(1)).toBe('b');
    expect(muxer.knownTags()).toEqual(['a', 'b', 'c']);
  });

  it('twice is one tag, as is one of the configuration, and gravwell has its own number', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['a'] });
    expect(muxer.negotiateTag('b')).toBe(muxer.negotiateTag('b '));
    expect(muxer.negotiateTag('a')).toBe(0);
    expect(muxer.negotiateTag('gravwell')).toBe(GRAVWELL_TAG);
    expect(muxer.knownTags()).toEqual(['a', 'b']);
  });

  it.each(['', ' \t', 'a b', 'a:b', '*', 'x'.repeat(4097), 'a\u0000'])(
    'with a bad name is refused and changes nothing: %j',
    (name) => {
      const muxer = new IngestMuxer({ ...GOOD, tags: ['a'] });
      expect(() => muxer.negotiateTag(name)).toThrow(InvalidTagError);
      expect(muxer.knownTags()).toEqual(['a']);
    },
  );

  it('may have a name that remapTag made of a bad one', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: [] });
    expect(muxer.negotiateTag(remapTag('a b:c'))).toBe(0);
    expect(muxer.knownTags()).toEqual(['a_b_c']);
  });

  it('may be the last that there is a number for, but not one more', () => {
    const tags = Array.from({ length: 65_534 }, (_, i) => `tag${i}`);
    const muxer = new IngestMuxer({ ...GOOD, tags });
    expect(muxer.negotiateTag('last')).toBe(65_534);
    expect(() => muxer.negotiateTag('more')).toThrow(TooManyTagsError);
    expect(() => muxer.negotiateTag('more')).toThrow(/65535 tags/);
    expect(muxer.negotiateTag('last')).toBe(65_534);
    expect(muxer.negotiateTag('gravwell')).toBe(GRAVWELL_TAG);
  });

  it('is not taken by a muxer that is closed', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    muxer.start();
    await muxer.close();
    expect(() => muxer.negotiateTag('late')).toThrow(NotRunningError);
  });

  it('before the start is in the tag request', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = newMuxer({ targets: [indexer.address] });
    const tag = muxer.negotiateTag('early');
    muxer.start();
    await muxer.waitForHot({ timeout: 45_000 });
    muxer.writeEntry(entry(0, tag));
    await muxer.sync();
    const connection = await indexer.hot(0);
    expect([...connection.tags.keys()]).toEqual(['test', 'early']);
    expect(connection.heard).not.toContain('tag');
    expectArrivals(connection.arrivals, expected(muxer, [entry(0, tag)]));
  });

  it.each([0, 1, 2])('while a lane connects is learned by it (%s turns after)', async (turns) => {
    const recording = await RecordingIndexer.start({ tags: ['test', 'late'] });
    const muxer = newMuxer({ targets: [recording.address] });
    muxer.start();
    for (let i = 0; i < turns; i++) await new Promise(setImmediate);
    const tag = muxer.negotiateTag('late');
    const entries = [entry(0, 0), entry(1, tag), entry(2, GRAVWELL_TAG)];
    for (const one of entries) muxer.writeEntry(one);
    await muxer.sync({ timeout: 45_000 });
    expectArrivals(recording.received, expected(muxer, entries));
    expect(muxer.stats()).toMatchObject({ resentEntries: 0, reconnects: 0 });
  });

  it('after the tag request was sent is negotiated when the lane is hot', async () => {
    const indexer = await ScriptedIndexer.listen({
      ...{ confirms: 'at once', readiness: [false, false, true] },
    });
    const muxer = newMuxer({ targets: [indexer.address], times: { notReady: 50 } });
    muxer.start();
    const connection = await indexer.connection(0);
    await connection.until('INGEST_OK', () => connection.heard.includes('ingestOk'));
    const tag = muxer.negotiateTag('late');
    const entries = [entry(0, tag), entry(1, 0)];
    for (const one of entries) muxer.writeEntry(one);
    await muxer.sync();
    expect(connection.heard.filter((kind) => kind === 'tag')).toHaveLength(1);
    expectArrivals(connection.arrivals, expected(muxer, entries));
  });

  it.each(MANY_PATHS)(
    'is asked for once everything outstanding is confirmed, and holds back what comes behind, by %s',
    async (path) => {
      const indexer = await ScriptedIndexer.listen({ answersTags: false });
      const muxer = await hotMuxer({ targets: [indexer.address] });
      const connection = await indexer.hot(0);
      const asked = () => connection.heard.filter((kind) => kind === 'tag').length;
      const before = Array.from({ length: 10 }, (_, i) => entry(i, 0));
      writeBy(path, muxer, before);
      await connection.entries(10);
      const flushes = connection.flushes;
      const tag = muxer.negotiateTag('late');
      const other = muxer.negotiateTag('later');
      // An entry of a known tag may still go out before the lane hears of the new one: none is first.
      const behind = [entry(10, tag), entry(11, 0), entry(12, other), entry(13, 0, 5000)];
      writeBy(path, muxer, behind);
      await connection.until('FORCE_ACK', () => connection.flushes > flushes);

      connection.write(encodePong());
      connection.confirmThrough(9);
      await until('nine confirmations', () => muxer.stats().confirmedEntries === 9);
      // What the thread sends when it is asked to sync comes behind all that it has sent before.
      const flushed = connection.flushes;
      const synced = muxer.sync();
      await connection.until('FORCE_ACK', () => connection.flushes > flushed);
      expect(asked()).toBe(0);
      connection.confirmThrough(10);
      await connection.until('TAG', () => asked() === 2);
      expect(connection.frames).toHaveLength(10);

      // What comes before the answer is not it, and may be cut anywhere.
      const answer = Buffer.concat([encodePong(), encodeConfirmTag(777), encodePong()]);
      connection.confirm(10);
      connection.write(answer.subarray(0, 9));
      await new Promise(setImmediate);
      connection.write(answer.subarray(9));
      connection.write(encodeConfirmTag(65_534));
      await connection.entries(14);
      const numbers = connection.frames.slice(10).map((frame) => frame.entry.tag);
      expect(numbers).toEqual([777, 500, 65_534, 500]);
      expect(connection.frames.map(({ id }) => Number(id))).toEqual(
        before.concat(behind).map((_, i) => i + 1),
      );
      connection.confirmThrough(14);
      await synced;
    },
  );

  it('under full load keeps the order of a lane, and everything arrives once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `late${i}`);
    const recording = await RecordingIndexer.start({ tags: ['test', ...names] });
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const entries: EntryInput[] = [];
    const write = async (one: EntryInput) => {
      entries.push(one);
      const wait = muxer.writeEntry(one);
      if (wait) await wait;
    };
    for (const name of names) {
      for (let i = 0; i < 300; i++) await write(entry(i, i % muxer.knownTags().length, i * 3));
      const tag = muxer.negotiateTag(name);
      // Large ones wait for their tag as well.
      await write(entry(1, tag, 20_000));
      await write(entry(2, tag));
    }
    await muxer.sync();
    expectArrivals(recording.received, expected(muxer, entries));
    expect(muxer.stats()).toMatchObject({ resentEntries: 0, reconnects: 0 });
  });

  it('has the numbers of each of several indexers', async () => {
    const recordings = await Promise.all(
      [2000, 3000].map((firstTag) => RecordingIndexer.start({ firstTag, tags: ['test', 'late'] })),
    );
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, connectionsPerTarget: 2, batchBytes: 1 });
    const tag = muxer.negotiateTag('late');
    for (let i = 0; i < 400; i++) muxer.writeEntry(entry(i, i % 2 === 0 ? tag : 0));
    await muxer.sync();
    const received = recordings.flatMap((one) => one.received);
    expect(received).toHaveLength(400);
    expect(received.filter((one) => one.tag === 'late')).toHaveLength(200);
    for (const [i, { tagNumbers }] of recordings.entries()) {
      expect(new Set(tagNumbers)).toEqual(new Set([2000 + 1000 * i, 1999 + 1000 * i]));
    }
  });

  it.each(MANY_PATHS)(
    'is in the request of the next connection, and entries that wait for it stay in order, by %s',
    async (path) => {
      const indexer = await ScriptedIndexer.listen({ answersTags: false });
      const muxer = await hotMuxer({ targets: [indexer.address] });
      const first = await indexer.hot(0);
      const tag = muxer.negotiateTag('late');
      const entries = [entry(0, tag), entry(1, 0), entry(2, tag, 200)];
      writeBy(path, muxer, entries);
      await first.until('TAG', () => first.heard.includes('tag'));
      first.socket.destroy();
      const second = await indexer.hot(1);
      await second.entries(3);
      expect([...second.tags.keys()]).toEqual(['test', 'late']);
      expectArrivals(second.arrivals, expected(muxer, entries));
      second.confirmThrough(3);
      await muxer.sync();
      expect(second.heard).not.toContain('tag');
    },
  );

  it('makes an indexer of API version 1 be connected to anew, and arrives there', async () => {
    const indexer = await ScriptedIndexer.listen({ version: 1, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    muxer.writeEntry(entry(0, 0));
    await muxer.sync();
    const lost = once(muxer, 'lost');
    const tag = muxer.negotiateTag('late');
    muxer.negotiateTag('later');
    muxer.writeEntry(entry(1, tag));
    const [error] = await lost;
    expect(error).toMatchObject({ code: 'ERR_CONNECTION', reason: 'tags' });
    expect(error.message).toContain('API version 1');
    await muxer.sync();
    const second = await indexer.connection(1);
    expect([...second.tags.keys()]).toEqual(['test', 'late', 'later']);
    expectArrivals(second.arrivals, expected(muxer, [entry(1, tag)]));
    expect(indexer.connections).toHaveLength(2);
  });

  it.each([
    [500, 'that of another tag'],
    [0xffff, "gravwell's"],
  ])('with the number %s, %s, ends the connection', async (number) => {
    const numberTag = (_name: string) => number;
    const indexer = await ScriptedIndexer.listen({ numberTag, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    await indexer.hot(0);
    const lost = once(muxer, 'lost');
    const tag = muxer.negotiateTag('late');
    muxer.writeEntry(entry(0, tag));
    const [error] = await lost;
    expect(error).toMatchObject({ reason: 'tags' });
    expect(error.message).toContain("tag 'late' the number of another tag");
    // The request gets numbers of its own.
    await muxer.sync();
    expectArrivals((await indexer.hot(1)).arrivals, expected(muxer, [entry(0, tag)]));
  });

  it('that nobody asked for ends the connection', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    const lost = once(muxer, 'lost');
    connection.write(encodeConfirmTag(9));
    const [error] = await lost;
    expect(error).toMatchObject({ reason: 'protocol' });
    expect(error.message).toContain('answered a tag not asked for');
  });

  it('is one of as many as there are numbers, all negotiated while hot', async () => {
    const names = Array.from({ length: 65_534 }, (_, i) => `tag${i}`);
    const recording = await RecordingIndexer.start({ tags: ['test', ...names], firstTag: 65_534 });
    const muxer = await hotMuxer({ targets: [recording.address] });
    const tags = names.map((name) => muxer.negotiateTag(name));
    expect(() => muxer.negotiateTag('more')).toThrow(TooManyTagsError);
    const entries = [0, 1, 30_000, 65_533].map((i) => entry(i, tags[i] ?? -1));
    muxer.writeBatch(entries);
    await muxer.sync();
    expectArrivals(recording.received, expected(muxer, entries));
  });
});
