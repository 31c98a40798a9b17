import { once } from 'node:events';
import { type EntryInput, encodeConfirmDittoBlock } from '@ringest/codec';
import {
  BacklogFullError,
  BatchError,
  DittoError,
  InvalidArgumentError,
  NotHotError,
  NotRunningError,
  TagRefusedError,
  UnknownTagError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { BLOCK, blockOf, connected, ENTRY, failureOf, textsOf } from '../../support/dittos.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

const STORED = encodeConfirmDittoBlock(0);

describe('a ditto block', () => {
  it('arrives as it is, with nothing attached, and counts once it is stored', async () => {
    const { connection, muxer } = await connected(
      { dittoResult: undefined },
      { attach: { site: 'north' }, sourceOverride: '10.9.9.9', tags: ['test', 'other'] },
    );
    const data = Buffer.from('with all');
    const whole = { timestamp: 5, tag: 1, data, source: '2001:db8::5', enumeratedValues: { n: 1 } };
    let isStored = false;
    const stored = muxer.dittoWrite([ENTRY, whole]).then(() => {
      isStored = true;
    });
    data.fill(0);
    const [first, second] = (await blockOf(connection, 0, 2)).map(({ entry }) => entry);
    expect(first).toMatchObject({ tag: 500, enumeratedValues: [] });
    expect(`${first?.data} ${first?.source}`).toBe(`a ${muxer.sourceIP()}`);
    expect(second?.tag).toBe(501);
    expect(`${second?.data} ${second?.source}`).toBe('with all 2001:db8::5');
    expect(second?.enumeratedValues).toMatchObject([{ name: 'n', value: 1n }]);
    expect(isStored).toBe(false);
    connection.write(STORED);
    await stored;
  });

  it('that the indexer refuses is an error, and is not sent again', async () => {
    const { connection, muxer } = await connected({ dittoResult: 3 });
    const error = await failureOf(muxer.dittoWrite(BLOCK));
    expect(error).toBeInstanceOf(DittoError);
    expect(error).toMatchObject({ code: 'ERR_DITTO', reason: 'refused', mayBeStored: false });
    await muxer.writeEntry(ENTRY);
    await muxer.sync();
    expect(connection.dittos).toHaveLength(1);
  });

  it('that is no array is refused, and so are options that are none', async () => {
    const { connection, muxer } = await connected();
    for (const block of [null, undefined, 5, 'abc', new Set([ENTRY]), { length: 1 }]) {
      const error = await failureOf(muxer.dittoWrite(block as unknown as EntryInput[]));
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error).toMatchObject({ argument: 'entries' });
    }
    for (const options of [null, 5, { signal: 'no' }]) {
      const error = await failureOf(muxer.dittoWrite(BLOCK, options as unknown as object));
      expect(error).toBeInstanceOf(InvalidArgumentError);
    }
    await muxer.dittoWrite([ENTRY]);
    expect(connection.dittos).toHaveLength(1);
  });

  it('of nothing is nothing', async () => {
    const { connection, muxer } = await connected();
    await muxer.dittoWrite([]);
    await muxer.writeEntry(ENTRY);
    await muxer.sync();
    expect(connection.dittos).toEqual([]);
  });

  it('may have 10,000 entries, between others that keep their ids', async () => {
    const { connection, muxer } = await connected();
    const block = Array.from({ length: 10_000 }, (_, i) => ({
      ...ENTRY,
      timestamp: i,
      data: `${i}`,
    }));
    const batch = Array.from({ length: 500 }, (_, i) => ({ ...ENTRY, data: `before ${i}` }));
    muxer.writeBatch(batch);
    const stored = muxer.dittoWrite(block);
    muxer.writeBatch(batch);
    await stored;
    muxer.writeBatch(batch);
    await muxer.sync();
    const [frames = []] = connection.dittos;
    expect(frames).toHaveLength(10_000);
    expect(frames.every(({ entry }, i) => `${entry.data}` === `${i}`)).toBe(true);
    expect(connection.frames.map(({ id }) => id)).toEqual(
      Array.from({ length: 1500 }, (_, i) => i + 1),
    );
    expect(muxer.stats()).toMatchObject({
      writtenEntries: 1500,
      confirmedEntries: 1500,
      resentEntries: 0,
    });
  });

  it('may have entries larger than a ring', async () => {
    const { connection, muxer } = await connected({}, { ringBytes: SMALL_RING });
    const large = { ...ENTRY, data: Buffer.alloc(3_000_000, 7) };
    await muxer.dittoWrite([ENTRY, large, ENTRY]);
    const [frames = []] = connection.dittos;
    expect(frames.map(({ entry }) => entry.data.length)).toEqual([1, 3_000_000, 1]);
    expect(frames[1]?.entry.data.equals(large.data)).toBe(true);
  });

  it('may be on its way together with others: each gets its own answer', async () => {
    const { connection, muxer } = await connected({ dittoResult: undefined });
    const first = muxer.dittoWrite(BLOCK);
    const second = failureOf(muxer.dittoWrite([ENTRY]));
    const third = muxer.dittoWrite(BLOCK);
    await blockOf(connection, 2, BLOCK.length);
    connection.write(Buffer.concat([STORED, encodeConfirmDittoBlock(5), STORED]));
    await first;
    expect(await second).toMatchObject({ reason: 'refused' });
    await third;
    expect(connection.dittos.map(textsOf)).toEqual([['x', 'y', 'z'], ['a'], ['x', 'y', 'z']]);
  });

  it('reaches the embedded indexer, among other entries', async () => {
    const indexer = await RecordingIndexer.start({ ackDelay: 20 });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const block = Array.from({ length: 300 }, () => ENTRY);
    muxer.writeBatch(block);
    await Promise.all([muxer.dittoWrite(block), muxer.dittoWrite(block)]);
    muxer.writeBatch(block);
    await muxer.sync();
    expect(indexer.received).toHaveLength(1200);
    expect(muxer.stats().reconnects).toBe(0);
  });

  it('with a bad entry is refused as a whole, with its index', async () => {
    const { connection, muxer } = await connected();
    const bad = [null, { ...ENTRY, tag: 7 }, { ...ENTRY, data: 5 }, { ...ENTRY, source: 'no' }];
    for (const entry of bad) {
      const error = await failureOf(muxer.dittoWrite([ENTRY, entry as unknown as EntryInput]));
      expect(error).toBeInstanceOf(BatchError);
      expect(error).toMatchObject({ index: 1 });
    }
    expect(await failureOf(muxer.dittoWrite([{ ...ENTRY, tag: 7 }]))).toMatchObject({
      index: 0,
      cause: expect.any(UnknownTagError),
    });
    await muxer.dittoWrite([ENTRY]);
    expect(connection.dittos).toHaveLength(1);
  });
});

describe('a ditto block finds nobody', () => {
  it('while the muxer does not run, or nothing is hot', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    expect(await failureOf(muxer.dittoWrite(BLOCK))).toBeInstanceOf(NotRunningError);
    muxer.start();
    await once(muxer, 'lost');
    const error = await failureOf(muxer.dittoWrite(BLOCK));
    expect(error).toBeInstanceOf(NotHotError);
    expect(error).toMatchObject({ cause: { code: 'ERR_CONNECTION' } });
    await muxer.close();
    expect(await failureOf(muxer.dittoWrite(BLOCK))).toBeInstanceOf(NotRunningError);
  });

  it('of a version under 9, and another indexer gets it', async () => {
    const old = await RecordingIndexer.start({ apiVersion: 8 });
    const alone = await hotMuxer({ targets: [old.address] });
    expect(await failureOf(alone.dittoWrite(BLOCK))).toMatchObject({
      reason: 'version',
      mayBeStored: false,
    });
    const current = await ScriptedIndexer.listen();
    const muxer = await wholeMuxer({ targets: [old.address, current.address] });
    for (let i = 0; i < 10; i++) await muxer.dittoWrite(BLOCK);
    expect((await current.hot(0)).dittos).toHaveLength(10);
    expect(old.received).toEqual([]);
  });

  it('who takes its tag; another indexer that does gets it', async () => {
    const numberTag = () => undefined;
    const { connection, muxer } = await connected({ numberTag });
    const refused = once(muxer, 'error');
    const tag = muxer.negotiateTag('late');
    // The answer is not there yet.
    const error = await failureOf(muxer.dittoWrite([ENTRY, { ...ENTRY, tag }]));
    expect(error).toMatchObject({
      reason: 'tag',
      mayBeStored: false,
      message: expect.stringContaining('"late"'),
    });
    await refused;
    const later = await failureOf(muxer.dittoWrite([{ ...ENTRY, tag }]));
    expect(later).toMatchObject({ index: 0, cause: expect.any(TagRefusedError) });
    await muxer.writeEntry(ENTRY);
    await muxer.sync();
    expect(connection.dittos).toEqual([]);

    const strict = await ScriptedIndexer.listen({ numberTag });
    const kind = await ScriptedIndexer.listen();
    const both = await wholeMuxer({ targets: [strict.address, kind.address] });
    const known = both.negotiateTag('late');
    await eventually(() => expect(both.status().targets[0]?.refusedTags).toEqual(['late']));
    for (let i = 0; i < 10; i++) await both.dittoWrite([{ ...ENTRY, tag: known }]);
    expect((await kind.hot(0)).dittos).toHaveLength(10);
  });
});

describe('a ditto block with a tag that was just negotiated', () => {
  it('waits for its number', async () => {
    const { connection, muxer } = await connected({ numberTag: () => 777 });
    muxer.writeEntry(ENTRY);
    const tag = muxer.negotiateTag('late');
    await muxer.dittoWrite([
      { ...ENTRY, tag },
      { ...ENTRY, tag: muxer.getTag('gravwell') },
    ]);
    expect(connection.dittos[0]?.map(({ entry }) => entry.tag)).toEqual([777, 65_535]);
  });
});

describe('ditto blocks whose promises nobody waits for', () => {
  it('are refused once they take too much, and taken again once some are stored', async () => {
    const backlogBytes = 4_000_000;
    const { connection, muxer } = await connected({ dittoResult: undefined }, { backlogBytes });
    const block = [{ ...ENTRY, data: Buffer.alloc(1_000_000, 7) }];
    const taken = Array.from({ length: 4 }, () => muxer.dittoWrite(block));
    const { dittoBytes } = muxer.stats();
    expect(dittoBytes).toBeGreaterThanOrEqual(backlogBytes);
    const error = await failureOf(muxer.dittoWrite([ENTRY]));
    expect(error).toBeInstanceOf(BacklogFullError);
    expect(error).toMatchObject({ backlogBytes: dittoBytes });
    await blockOf(connection, 3, 1);
    connection.write(STORED);
    await taken[0];
    expect(muxer.stats().dittoBytes).toBe((dittoBytes / 4) * 3);
    const next = muxer.dittoWrite([ENTRY]);
    await blockOf(connection, 4, 1);
    connection.write(Buffer.concat([STORED, STORED, STORED, STORED]));
    await Promise.all([...taken, next]);
    expect(muxer.stats().dittoBytes).toBe(0);
    expect(connection.dittos).toHaveLength(5);
  });

  it('count however small they are', async () => {
    const { connection, muxer } = await connected(
      { dittoResult: undefined },
      { backlogBytes: 1_000_000 },
    );
    const taken: Promise<void>[] = [];
    while (muxer.stats().dittoBytes < 1_000_000) taken.push(muxer.dittoWrite([ENTRY]));
    expect(taken.length).toBeLessThan(100);
    expect(await failureOf(muxer.dittoWrite([ENTRY]))).toBeInstanceOf(BacklogFullError);
    await blockOf(connection, taken.length - 1, 1);
    connection.write(Buffer.concat(taken.map(() => STORED)));
    await Promise.all(taken);
  });

  it('do not keep one out that is larger than all that may wait', async () => {
    const { muxer } = await connected({}, { backlogBytes: 65_536 });
    const large = [{ ...ENTRY, data: Buffer.alloc(3_000_000) }];
    for (let i = 0; i < 3; i++) await muxer.dittoWrite(large);
  });
});
