import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { bytesOf, dataOf, filesIn, openStore, put } from './stored.js';

const MIB = 1024 * 1024;

describe('the retention of a store', () => {
  it('removes the oldest segments when there are too many bytes', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path, maxBytes: MIB });
    for (let i = 0; i < 12; i++) await put(store, [{ data: `${i} `.padEnd(200_000, 'x') }]);
    await store.retain();

    const left = (await dataOf(path)).map((data) => Number.parseInt(data, 10));
    expect(left).toEqual([7, 8, 9, 10, 11]);
    const bytes = filesIn(path, '.segment').reduce((sum, name) => sum + bytesOf(path, name), 0);
    expect(bytes).toBeLessThanOrEqual(MIB);
    expect(store.stats()).toMatchObject({
      segments: 5,
      segmentBytes: bytes,
      removedSegments: 7,
      removedEntries: 7,
    });
    expect(filesIn(path, '.index')).toHaveLength(5);
  });

  it('keeps the newest segment, however large', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path, maxBytes: MIB });
    await put(store, [{ data: 'small' }]);
    await put(store, [{ data: 'y'.repeat(2 * MIB) }]);
    await put(store, [{ data: 'z'.repeat(3 * MIB) }]);
    const left = await dataOf(path);
    expect(left.map((data) => data[0])).toContain('z');
    await store.close();
  });

  it('removes segments by the time at which they were written, whatever the times of entries', async () => {
    const path = temporaryDirectory();
    const clock = { time: 1_000_000_000 };
    const store = await openStore({ path, maxAge: 80_000, now: () => clock.time });
    await put(store, [{ data: 'a', seconds: 9_999_999_999 }]);
    clock.time += 10_000;
    await put(store, [{ data: 'b', seconds: 1 }]);
    clock.time += 10_000;
    await put(store, [{ data: 'c' }]);
    await store.retain();
    expect(filesIn(path, '.segment')).toHaveLength(2);
    expect(await dataOf(path)).toEqual(['a', 'b', 'c']);

    clock.time += 70_001;
    await store.retain();
    expect(await dataOf(path)).toEqual(['c']);
    clock.time += 10_000;
    await store.retain();
    expect(await dataOf(path)).toEqual([]);
    expect(store.stats()).toMatchObject({ removedEntries: 3, segments: 0, segmentBytes: 0 });
  });

  it('holds for segments of earlier runs when a store is opened', async () => {
    const path = temporaryDirectory();
    const first = await openStore({ path, now: () => 1_000_000 });
    await put(first, [{ data: 'a' }]);
    await first.close();
    const second = await openStore({ path, maxAge: 1000, now: () => 1_002_000 });
    expect(await dataOf(path)).toEqual([]);
    expect(second.stats()).toMatchObject({ removedSegments: 1, removedEntries: 1 });
  });
});
