import { readStore, type StoredBlock } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually } from '../../support/waiting.js';
import { dataOf, filesIn, openStore, put } from './stored.js';

/** A store with three blocks: the first is older than the others. */
async function threeBlocks(): Promise<string> {
  const path = temporaryDirectory();
  const store = await openStore({ path });
  await put(store, [{ data: 'old', seconds: 10 }]);
  await put(store, [
    { data: 'test 20', seconds: 20 },
    { data: 'other 21', seconds: 21, tag: 'other' },
  ]);
  await put(store, [{ data: 'third 30', seconds: 30, tag: 'third' }]);
  return path;
}

/** With the index of a closed store, and from a segment that is still written. */
async function bothWays(): Promise<string[]> {
  const path = temporaryDirectory();
  const store = await openStore({ path });
  await put(store, [{ data: 'old', seconds: 10 }]);
  await put(store, [
    { data: 'test 20', seconds: 20 },
    { data: 'other 21', seconds: 21, tag: 'other' },
  ]);
  await put(store, [{ data: 'third 30', seconds: 30, tag: 'third' }]);
  await store.close();
  expect(filesIn(path, '.index')).toHaveLength(1);
  return [path, await threeBlocks()];
}

describe('reading a store', () => {
  it.each([
    ['from a time on', { from: { seconds: 20, nanoseconds: 6 } }, ['other 21', 'third 30']],
    ['from the very time on', { from: { seconds: 21, nanoseconds: 5 } }, ['other 21', 'third 30']],
    ['before a time', { to: { seconds: 21, nanoseconds: 5 } }, ['old', 'test 20']],
    ['between two times', { from: 20_000, to: 30_000 }, ['test 20', 'other 21']],
    ['with some tags', { tags: ['other', 'third'] }, ['other 21', 'third 30']],
    ['that match', { match: /0$/g }, ['test 20', 'third 30']],
    [
      'that fit all of it',
      { from: 20_000, tags: ['test', 'third'], match: /^t.*30/ },
      ['third 30'],
    ],
    ['that are not there', { tags: ['none'] }, []],
  ])('finds entries %s', async (_name, options, expected) => {
    for (const path of await bothWays()) expect(await dataOf(path, options)).toEqual(expected);
  });

  it('counts the entries of a block that match', async () => {
    const path = await threeBlocks();
    const counts = async (options: object) => {
      const found = [];
      for await (const block of readStore(path, options)) found.push(block.count);
      return found;
    };
    expect(await counts({})).toEqual([1, 2, 1]);
    expect(await counts({ match: /2/ })).toEqual([0, 2, 0]);
  });

  it('does not read the blocks of other tags', async () => {
    const blocks: StoredBlock[] = [];
    for await (const block of readStore(await threeBlocks(), { tags: ['third'] })) {
      blocks.push(block);
    }
    expect(blocks).toHaveLength(1);
  });

  it('follows a store over its segments, and ends with its signal', async () => {
    const path = temporaryDirectory();
    const seen: string[] = [];
    const ending = new AbortController();
    const reading = (async () => {
      const options = { follow: true, signal: ending.signal };
      for await (const block of readStore(path, options)) {
        for (const { data } of block) seen.push(data.toString());
      }
    })();
    for (const run of ['a', 'b', 'c']) {
      const store = await openStore({ path });
      for (const part of [1, 2, 3]) {
        await put(store, [{ data: `${run}${part}` }]);
        await eventually(() => expect(seen.at(-1)).toBe(`${run}${part}`));
      }
      await store.close();
    }
    ending.abort();
    await reading;
    expect(seen).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3']);
  });

  it('skips a segment that is removed meanwhile', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path, maxBytes: 1024 * 1024 });
    const large = (data: string) => ({ data: data.repeat(300 * 1024) });
    for (const data of ['a', 'b', 'c']) await put(store, [large(data)]);
    const reading = readStore(path);
    const first = await reading.next();
    for (const data of ['d', 'e']) await put(store, [large(data)]);
    const rest = [first.value as StoredBlock];
    for await (const block of reading) rest.push(block);
    const begins = rest.flatMap((block) =>
      [...block].map(({ data }) => data.toString('utf8', 0, 1)),
    );
    expect(begins[0]).toBe('a');
    expect(begins).toContain('c');
  });

  it('says which folder cannot be read', async () => {
    await expect(dataOf('/nowhere/store')).rejects.toMatchObject({
      code: 'ERR_STORE_OPEN',
      path: '/nowhere/store',
    });
  });

  it('refuses a time that is none', async () => {
    await expect(dataOf(temporaryDirectory(), { from: 'soon' })).rejects.toMatchObject({
      code: 'ERR_INVALID_TIMESTAMP',
    });
  });
});
