import { mkdirSync, rmSync } from 'node:fs';
import { StoreWriteError } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { encodeFrame, IngesterClient } from '../../support/ingester-client.js';
import { startIndexer } from '../../support/listening.js';
import { SECRET } from '../../support/muxer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { add, dataOf, openStore, put } from './stored.js';

/** A store whose folder is gone until it is brought back. */
async function brokenStore() {
  const path = temporaryDirectory();
  const store = await openStore({ path });
  rmSync(path, { recursive: true });
  const repair = () => mkdirSync(path);
  return { path, store, repair };
}

describe('a store that cannot write', () => {
  it('confirms nothing, ends the connection, and takes the entries again later', async () => {
    const { path, store, repair } = await brokenStore();
    const { address, logs } = await startIndexer({ store });
    const send = async () => {
      const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
      const entry = { timestamp: 1, tag: tags.get('test') as number, data: 'a' };
      client.write(Buffer.concat([encodeFrame(1, entry), encodeFrame(2, entry)]));
      client.socket.end();
      return client.confirmedUntilEnd();
    };
    expect(await send()).toEqual([]);
    const codes = logs.flatMap(({ err }) => (err === undefined ? [] : [err.code]));
    expect(codes).toContain('ERR_STORE_WRITE');
    repair();
    expect(await send()).toEqual([1, 2]);
    expect(await dataOf(path)).toEqual(['a', 'a']);
  });

  it('says how many entries it could not write', async () => {
    const { store } = await brokenStore();
    await expect(put(store, [{ data: 'a' }, { data: 'b' }])).rejects.toMatchObject({
      constructor: StoreWriteError,
      entries: 2,
    });
  });

  it('does not confirm the entries of a failed block with the block after it', async () => {
    const { path, store, repair } = await brokenStore();
    const late = add(store, [{ data: 'lost' }]).inlet;
    const early = add(store, [{ data: 'early' }]).inlet;
    await expect(early.written()).rejects.toThrow(StoreWriteError);
    repair();
    await put(store, [{ data: 'later' }]);
    expect(() => late.written()).toThrow(StoreWriteError);
    expect(await dataOf(path)).toEqual(['later']);
    const again = add(store, [{ data: 'again' }]).inlet;
    await again.written();
    expect(await dataOf(path)).toEqual(['later', 'again']);
  });
});
