import { GRAVWELL_TAG, IngestMuxer, UnknownTagError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const GOOD = { targets: ['tcp://127.0.0.1:4023'], secret: 'x' };

describe('tags', () => {
  it('have the numbers 0, 1, 2 … in the order of the configuration', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['b', 'a', 'c'] });
    expect(muxer.knownTags()).toEqual(['b', 'a', 'c']);
    expect(['b', 'a', 'c'].map((name) => muxer.getTag(name))).toEqual([0, 1, 2]);
    expect([0, 1, 2].map((tag) => muxer.lookupTag(tag))).toEqual(['b', 'a', 'c']);
  });

  it('are trimmed, and each is known once', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: [' a ', 'b', 'a', '\tb\n'] });
    expect(muxer.knownTags()).toEqual(['a', 'b']);
    expect(muxer.getTag('a')).toBe(0);
    expect(muxer.getTag(' a ')).toBe(0);
  });

  it('include gravwell always, with its number, whether listed or not', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['a', 'gravwell', 'b'] });
    expect(muxer.knownTags()).toEqual(['a', 'b']);
    expect(muxer.getTag('b')).toBe(1);
    expect(muxer.getTag('gravwell')).toBe(GRAVWELL_TAG);
    expect(muxer.lookupTag(GRAVWELL_TAG)).toBe('gravwell');
  });

  it('are told apart by case', () => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['a', 'A'] });
    expect(muxer.getTag('A')).toBe(1);
  });

  it.each(['c', 'A', '', 'constructor', '__proto__'])(
    'that are unknown are refused: %j',
    (name) => {
      const muxer = new IngestMuxer({ ...GOOD, tags: ['a', 'b'] });
      expect(() => muxer.getTag(name)).toThrow(UnknownTagError);
      try {
        muxer.getTag(name);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_UNKNOWN_TAG', tag: name });
      }
    },
  );

  it.each([2, -1, 0.5, Number.NaN, 65534])('have no name for the number %s', (number) => {
    const muxer = new IngestMuxer({ ...GOOD, tags: ['a', 'b'] });
    expect(muxer.lookupTag(number)).toBeUndefined();
  });

  it('reach the indexer under the numbers that it gave', async () => {
    const tags = ['zero', 'one', 'two'];
    const recording = await RecordingIndexer.start({ tags, firstTag: 40_000 });
    const muxer = await hotMuxer({ targets: [recording.address], tags });
    const entries = [...tags, 'gravwell', 'one'].map((name, i) => ({
      name,
      entry: { timestamp: i, tag: muxer.getTag(name), data: name },
    }));
    for (const { entry } of entries) await muxer.writeEntry(entry);
    await muxer.sync();
    expectArrivals(
      recording.received,
      entries.map(({ name, entry }) => expectedArrival(entry, name)),
    );
    expect(recording.tagNumbers).toEqual([40_000, 39_999, 39_998, 0xffff, 39_999]);
  });

  it('may be as many as there are numbers', async () => {
    const tags = Array.from({ length: 65535 }, (_, i) => `tag${i}`);
    const recording = await RecordingIndexer.start({ tags, firstTag: 65534 });
    const muxer = await hotMuxer({ targets: [recording.address], tags });
    for (const tag of [0, 1, 30_000, 65_534, 65_535]) {
      await muxer.writeEntry({ timestamp: 0, tag, data: `${tag}` });
    }
    await muxer.sync();
    const names = recording.received.map(({ tag }) => tag);
    expect(names).toEqual(['tag0', 'tag1', 'tag30000', 'tag65534', 'gravwell']);
  });

  it('are asked for without gravwell', async () => {
    const indexer = await ScriptedIndexer.listen();
    await hotMuxer({ targets: [indexer.address], tags: ['a', 'gravwell'] });
    const { tags } = await indexer.hot(0);
    expect([...tags.keys()]).toEqual(['a']);
  });

  it('may be none but gravwell', async () => {
    const recording = await RecordingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], tags: [] });
    await muxer.writeEntry({ timestamp: 0, tag: muxer.getTag('gravwell'), data: 'own log' });
    await muxer.sync();
    expect(recording.received.map(({ tag }) => tag)).toEqual(['gravwell']);
  });
});
