import { ConfigurationError, type EnumeratedScalar, type IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { foreign, shrunk, transferred } from '../../support/other-realm.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ENTRY = { timestamp: 0, tag: 0, data: 'x' };

/** The same bytes, of this realm and of another. */
function bytes(length: number) {
  return {
    own: new Uint8Array(length).fill(7),
    other: foreign<Uint8Array>(`new Uint8Array(${length}).fill(7)`),
  };
}

/** Two targets, of which one answers: what is written before a lane is hot waits outside the rings. */
async function waitingMuxer() {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const targets = [indexer.address, 'tcp://127.0.0.1:1'];
  const muxer = newMuxer({ targets, ringBytes: SMALL_RING });
  muxer.start();
  return { indexer, muxer };
}

describe('bytes of another realm', () => {
  // In order: copied by the kernel, filled in, and too large for the ring.
  const sizes = [0, 3, 5000, 40_000];
  const expected = sizes.map((size) => expectedArrival({ ...ENTRY, data: bytes(size).own }));

  it('arrive through a ring, alone and in batches', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    for (const size of sizes) await muxer.write(0, 0, bytes(size).other);
    await muxer.writeBatch(sizes.map((size) => ({ ...ENTRY, data: bytes(size).other })));
    await muxer.sync();
    expectArrivals((await indexer.hot(0)).arrivals, [...expected, ...expected]);
  });

  it('arrive after they waited for room', async () => {
    const { indexer, muxer } = await waitingMuxer();
    const waiting = sizes.map((size) => muxer.write(0, 0, bytes(size).other));
    expect(muxer.stats().backlogEntries).toBe(sizes.length);
    await Promise.all(waiting);
    await muxer.sync();
    expectArrivals((await indexer.hot(0)).arrivals, expected);
  });

  it('arrive with a time, a source and values of that realm, and attached ones', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const attach = foreign<Record<string, EnumeratedScalar>>('({ a: new Uint8Array([1, 2]) })');
    const muxer = await hotMuxer({ targets: [indexer.address], attach });
    await muxer.writeEntry(
      foreign(`({
        timestamp: new Date(5),
        tag: 0,
        data: new Uint8Array([3]),
        source: new Uint8Array([10, 1, 2, 3]),
        enumeratedValues: { d: new Date(6) },
      })`),
    );
    await muxer.sync();
    const enumeratedValues = { d: new Date(6), a: Buffer.of(1, 2) };
    expectArrivals((await indexer.hot(0)).arrivals, [
      expectedArrival({
        timestamp: 5,
        tag: 0,
        data: Buffer.of(3),
        source: '10.1.2.3',
        enumeratedValues,
      }),
    ]);
  });

  it('arrive in ditto blocks', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    await muxer.dittoWrite(sizes.map((size) => ({ ...ENTRY, data: bytes(size).other })));
    const [block] = (await indexer.hot(0)).dittos;
    expect(block?.map(({ entry }) => entry.data.length)).toEqual(sizes);
  });

  it('are taken with a configuration of that realm', () => {
    const configuration = "({ targets: ['tcp://127.0.0.1:4023'], tags: ['a'] })";
    expect(newMuxer(foreign(configuration)).knownTags()).toEqual(['a']);
  });
});

describe.each([
  ['were transferred', transferred],
  ['are beyond the end of a buffer that shrank', shrunk],
])('bytes that %s', (_how, gone) => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ENTRY', field: 'data' });
  const refusedBatch = expect.objectContaining({ code: 'ERR_BATCH', index: 1, cause: refused });

  /** Every call that takes entries refuses them. */
  async function expectRefusal(muxer: IngestMuxer): Promise<void> {
    for (const size of [1, 5000, 40_000]) {
      const bad = { ...ENTRY, data: gone(size) };
      expect(() => muxer.writeEntry(bad)).toThrow(refused);
      expect(() => muxer.write(0, 0, gone(size))).toThrow(refused);
      expect(() => muxer.writeBatch([ENTRY, bad])).toThrow(refusedBatch);
      await expect(muxer.dittoWrite([ENTRY, bad])).rejects.toThrow(refusedBatch);
    }
    const badValue = { ...ENTRY, enumeratedValues: { v: gone(5) } };
    const value = expect.objectContaining({ code: 'ERR_INVALID_ENUMERATED_VALUE' });
    expect(() => muxer.writeEntry(badValue)).toThrow(value);
    const source = expect.objectContaining({ code: 'ERR_INVALID_SOURCE' });
    expect(() => muxer.writeEntry({ ...ENTRY, source: gone(4) })).toThrow(source);
  }

  it('are refused where there is room', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    await expectRefusal(muxer);
    await muxer.writeEntry({ ...ENTRY, data: new Uint8Array(0) });
    await muxer.sync();
    expectArrivals((await indexer.hot(0)).arrivals, [expectedArrival({ ...ENTRY, data: '' })]);
  });

  it('are refused where entries wait for room', async () => {
    const { indexer, muxer } = await waitingMuxer();
    await expectRefusal(muxer);
    await muxer.write(0, 0, new Uint8Array(0));
    await muxer.sync();
    expectArrivals((await indexer.hot(0)).arrivals, [expectedArrival({ ...ENTRY, data: '' })]);
  });

  it('are refused with a cache', async () => {
    const cache = { path: temporaryDirectory(), mode: 'journal' } as const;
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], cache });
    muxer.start();
    await expectRefusal(muxer);
    expect(muxer.stats().writtenEntries).toBe(0);
  });

  it('cannot be attached', () => {
    const attach = { a: gone(5) };
    expect(() => newMuxer({ targets: ['tcp://127.0.0.1:1'], attach })).toThrow(ConfigurationError);
  });
});
