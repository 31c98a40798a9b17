import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_VERSION, encodeApiVersion, encodeDittoBlock } from '@ringest/codec';
import { InvalidOptionError, readStore, Store, StoreLockedError } from '@ringest/indexer';
import { unpackMultiple } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { encodeFrame, IngesterClient } from '../../support/ingester-client.js';
import { startIndexer } from '../../support/listening.js';
import { SECRET } from '../../support/muxer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { add, dataOf, entriesOf, filesIn, openStore, put } from './stored.js';

describe('a store', () => {
  it('has the entries of all connections of an indexer, once they are confirmed', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    const { address } = await startIndexer({ store });
    const send = async (name: string) => {
      const { client, tags } = await IngesterClient.hot(address, SECRET, [name]);
      const tag = tags.get(name) as number;
      for (let id = 1; id <= 100; id++) {
        client.write(encodeFrame(id, { timestamp: id * 1000, tag, data: `${name} ${id}` }));
      }
      client.socket.end();
      expect(await client.confirmedUntilEnd()).toHaveLength(100);
    };
    await Promise.all([send('one'), send('two')]);

    const entries = await entriesOf(path);
    for (const name of ['one', 'two']) {
      const own = entries.filter(({ tag }) => tag === name);
      expect(own).toEqual(
        Array.from({ length: 100 }, (_, i) => ({
          data: `${name} ${i + 1}`,
          tag: name,
          seconds: i + 1,
        })),
      );
    }
    expect(store.stats()).toMatchObject({ entries: 200, segments: 1, tornBytes: 0 });
  });

  it('keeps an entry as it came: its time, its source and its values', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    const { address } = await startIndexer({ store });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['gravwell', 'late']);
    const entry = {
      timestamp: { seconds: -5, nanoseconds: 123_456_789 },
      tag: tags.get('late') as number,
      data: Buffer.from([0, 255, 10]),
      source: '2001:db8::7',
      enumeratedValues: { user: 'me', size: 7 },
    };
    client.write(encodeFrame(1, entry));
    client.write(encodeFrame(2, { ...entry, tag: tags.get('gravwell') as number }));
    client.socket.end();
    await client.confirmedUntilEnd();

    const found = [];
    for await (const block of readStore(path)) {
      for (const one of block) found.push({ ...one.decode(), tag: block.tagOf(one) });
    }
    expect(found.map(({ tag }) => tag)).toEqual(['late', 'gravwell']);
    const [first] = found;
    expect(first?.timestamp).toMatchObject(entry.timestamp);
    expect(first?.data).toEqual(entry.data);
    expect(`${first?.source}`).toBe('2001:db8::7');
    expect(first?.enumeratedValues.map(({ name, value }) => [name, value])).toEqual([
      ['user', 'me'],
      ['size', 7n],
    ]);
  });

  it('has a ditto block before that is confirmed', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    const { indexer, address } = await startIndexer({ store });
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    client.write(Buffer.concat([encodeApiVersion(API_VERSION), encodeDittoBlock(2)]));
    for (const id of [1, 2]) {
      client.write(
        encodeFrame(id, { timestamp: id, tag: tags.get('test') as number, data: `ditto ${id}` }),
      );
    }
    await client.expect('confirmApiVersion');
    expect(await client.expect('confirmDittoBlock')).toMatchObject({ result: 0 });
    expect(await dataOf(path)).toEqual(['ditto 1', 'ditto 2']);
    await indexer.close();
  });

  it('goes on in a new segment when it is opened again, with tags that have other numbers', async () => {
    const path = temporaryDirectory();
    const first = await Store.open({ path });
    first.nameTag(1, 'test');
    await put(first, [{ data: 'a' }]);
    await first.close();
    const second = await Store.open({ path });
    second.nameTag(1, 'another');
    await put(second, [{ data: 'b' }]);
    await second.close();

    expect(await entriesOf(path)).toMatchObject([
      { data: 'a', tag: 'test' },
      { data: 'b', tag: 'another' },
    ]);
    expect(filesIn(path, '.segment')).toEqual([
      '0000000000000001.segment',
      '0000000000000002.segment',
    ]);
    expect(filesIn(path, '.index')).toHaveLength(2);
  });

  it('writes what was added and nobody has asked for, when it is closed', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    add(store, [{ data: 'a' }]);
    await store.close();
    expect(await dataOf(path)).toEqual(['a']);
  });

  it('begins a segment with its first entry: an empty run leaves no file', async () => {
    const path = temporaryDirectory();
    await (await openStore({ path })).close();
    expect(filesIn(path, '.segment')).toEqual([]);
  });

  it('gathers what comes while a block is being written: two writes for many connections', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path, sync: true });
    const first = add(store, [{ data: 'first' }]).inlet.written();
    await Promise.resolve();
    const others = Array.from({ length: 50 }, (_, i) =>
      add(store, [{ data: `${i}` }]).inlet.written(),
    );
    await Promise.all([first, ...others]);
    expect(store.stats()).toMatchObject({ entries: 51, blocks: 2 });
    expect(await dataOf(path)).toHaveLength(51);
  });

  it('asks to wait when a block is full and the one before it is not written', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    const full = { data: 'x'.repeat(4 * 1024 * 1024) };
    expect(add(store, [full]).room).toBeUndefined();
    await Promise.resolve();
    const { inlet, room } = add(store, [full]);
    expect(room).toBeInstanceOf(Promise);
    await room;
    await inlet.written();
    expect(store.stats()).toMatchObject({ entries: 2, blocks: 2 });
  });

  it('is a sequence of MessagePack values, which any library reads', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    await put(store, [
      { data: 'a', seconds: 10 },
      { data: 'b', seconds: 5, tag: 'other' },
    ]);
    await store.close();
    const bytes = readFileSync(join(path, '0000000000000001.segment'));
    const [header, block, ...more] = unpackMultiple(bytes) as [string, number, Buffer, Buffer][];
    expect(more).toEqual([]);
    expect(header?.[0]).toBe('ringest');
    const [head] = unpackMultiple(block?.[2] as Buffer);
    expect(head).toMatchObject({ entries: 2, first: 5, last: 10, tags: { 1: 'test', 2: 'other' } });
    expect(block?.[3]).toHaveLength(2 * 47);
  });

  it('is written by one process at a time', async () => {
    const path = temporaryDirectory();
    const store = await openStore({ path });
    await expect(Store.open({ path })).rejects.toThrow(StoreLockedError);
    await expect(Store.open({ path })).rejects.toThrow(`in use by the process ${process.pid}`);
    await store.close();
    await (await openStore({ path })).close();
  });

  it.each([
    [{ path: '' }, 'store.path'],
    [{ path: 'x', maxBytes: 1000 }, 'store.maxBytes'],
    [{ path: 'x', maxAge: 1 }, 'store.maxAge'],
    [{ path: 'x', maxAge: Number.NaN }, 'store.maxAge'],
  ])('refuses %o', async (options, option) => {
    await expect(Store.open(options)).rejects.toMatchObject({
      constructor: InvalidOptionError,
      option,
    });
  });

  it('says why its folder cannot be used', async () => {
    await expect(Store.open({ path: '/dev/null/store' })).rejects.toMatchObject({
      code: 'ERR_STORE_OPEN',
      path: '/dev/null/store',
    });
  });
});
