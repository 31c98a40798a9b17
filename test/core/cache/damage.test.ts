import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk, SegmentLog } from '@ringest/cache/internal';
import { EntriesLostError, type EntryInput, type IngestMuxer } from '@ringest/core';
import { encodedSize, encodeFrame } from '@ringest/workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cacheStats,
  copyAsAfterCrash,
  expectEachOnce,
  numberedFrom,
  segmentsIn,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { collectLogs, newMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

beforeEach(rollQuickly);

const BLOCKS = 10;
const PER_BLOCK = 50;
const ALL = numberedFrom(0, BLOCKS * PER_BLOCK);

const blockOf = (number: number) => ALL.slice(number * PER_BLOCK, (number + 1) * PER_BLOCK);

/** The folder of a cache with all entries in one segment, as a crash has left it. */
async function leave(): Promise<string> {
  const { address } = await unusedAddress();
  const path = temporaryDirectory();
  const muxer = coldMuxer({ ...withCache([address], 'journal', { path }), ringBytes: 2 ** 20 });
  for (let block = 0; block < BLOCKS; block++) await muxer.writeBatch(blockOf(block));
  const left = copyAsAfterCrash(path);
  expect(segmentsIn(left)).toHaveLength(1);
  return left;
}

const segmentPath = (path: string) => join(path, segmentsIn(path)[0] as string);

/** Changes a byte in the data of an entry. */
function flip(file: string, entry: EntryInput): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(entry.data as Buffer);
  bytes[at + 3] = (bytes[at + 3] as number) ^ 0x40;
  writeFileSync(file, bytes);
}

/** Has another run send what is in a folder. */
async function send(path: string, count: number) {
  const recording = await Receiver.start();
  const { logger, lines } = collectLogs();
  const muxer = newMuxer({ ...withCache([recording.address], 'journal', { path }), logger });
  muxer.start();
  await until('what can be sent', () => cacheStats(muxer).recoveredEntries >= count);
  await muxer.sync();
  const logged = lines.map((line) => JSON.parse(line));
  return { recording, muxer, logged };
}

describe('a cache that an earlier run has left', () => {
  it.each([1, 5000])('without the last %s bytes lacks only what was cut', async (bytes) => {
    const path = await leave();
    const file = segmentPath(path);
    truncateSync(file, statSync(file).size - bytes);
    const { recording, muxer, logged } = await send(path, ALL.length - PER_BLOCK);
    await untilEmpty(muxer);
    expectEachOnce(recording.received, ALL.slice(0, -PER_BLOCK));
    expect(cacheStats(muxer)).toMatchObject({ damagedEntries: 0, trouble: undefined });
    const told = logged.find(({ msg }) => msg === 'the cache was not closed cleanly');
    expect(told).toMatchObject({ level: 40, damaged: 0 });
    expect(told.tornBytes).toBeGreaterThan(0);
  });

  it('with a damaged block sends all others, and keeps that one in the quarantine', async () => {
    const path = await leave();
    flip(segmentPath(path), blockOf(4)[7] as EntryInput);
    const damaged = readFileSync(segmentPath(path));
    const { recording, muxer, logged } = await send(path, ALL.length - PER_BLOCK);
    await untilEmpty(muxer);
    expectEachOnce(recording.received, [
      ...ALL.slice(0, 4 * PER_BLOCK),
      ...ALL.slice(5 * PER_BLOCK),
    ]);
    expect(cacheStats(muxer)).toMatchObject({ damagedEntries: PER_BLOCK, pendingEntries: 0 });
    expect(logged).toContainEqual(
      expect.objectContaining({
        msg: 'the cache was not closed cleanly',
        damaged: 1,
        damagedEntries: PER_BLOCK,
      }),
    );
    const [kept, ...others] = readdirSync(join(path, 'quarantine'));
    expect(others).toEqual([]);
    const aside = readFileSync(join(path, 'quarantine', kept as string));
    expect(aside.length).toBeGreaterThan(PER_BLOCK * 200);
    expect(damaged.includes(aside)).toBe(true);
  });

  it('with a damaged block, when it is closed, does not count what is not there', async () => {
    const path = await leave();
    flip(segmentPath(path), blockOf(4)[7] as EntryInput);
    const { address } = await unusedAddress();
    const muxer = coldMuxer({
      ...withCache([address], 'journal', { path }),
      closeTimeout: CLOSE_MS,
    });
    const left = ALL.length - PER_BLOCK;
    await until('what is there', () => cacheStats(muxer).pendingEntries > 0);
    expect(cacheStats(muxer)).toMatchObject({ pendingEntries: left, entries: left });
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: left, cached: left });
  });

  it('with a segment of a newer format leaves that as it is, and sends the rest', async () => {
    const path = await leave();
    const newer = Buffer.alloc(3000, 'something new ');
    newer.write('ringest\0');
    newer.writeUInt32LE(2, 8);
    const name = '0000000000000777.segment';
    writeFileSync(join(path, name), newer);
    const { recording, muxer, logged } = await send(path, ALL.length);
    expectEachOnce(recording.received, ALL);
    await until('the rest is gone', () => segmentsIn(path).length === 1);
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 40, msg: 'a segment of the cache is left alone' }),
    );
    expect(cacheStats(muxer)).toMatchObject({ leftAlone: 1, damagedEntries: 0 });
    await muxer.writeBatch(blockOf(0));
    await muxer.sync();
    await muxer.close();
    expect(segmentsIn(path)).toEqual([name]);
    expect(readFileSync(join(path, name)).equals(newer)).toBe(true);
  });

  it('with files of somebody else in the folder leaves those alone', async () => {
    const path = await leave();
    writeFileSync(join(path, 'README'), 'mine');
    writeFileSync(join(path, '12.segment'), 'mine');
    const { recording, muxer } = await send(path, ALL.length);
    await untilEmpty(muxer);
    expectEachOnce(recording.received, ALL);
    expect(readdirSync(path).sort()).toEqual(['12.segment', 'README', 'lock', 'quarantine']);
  });
});

describe('a block that is damaged while the muxer runs', () => {
  it('is told to those who wait for it, is logged and counted, and stops nothing else', async () => {
    const { address, listen } = await unusedAddress();
    const path = temporaryDirectory();
    const { logger, lines } = collectLogs();
    const muxer: IngestMuxer = coldMuxer({ ...withCache([address], 'always', { path }), logger });
    // The first of them are in the ring.
    const first = numberedFrom(10_000, 11_000);
    await Promise.all(first.map((entry) => muxer.writeEntry(entry)));
    for (let block = 0; block < BLOCKS; block++) {
      await muxer.writeBatch(blockOf(block));
      await untilStored(muxer);
    }
    flip(segmentPath(path), blockOf(4)[7] as EntryInput);
    const lost = muxer.sync().catch((error) => error);
    const recording = await Receiver.start({ listen });
    expect(await lost).toBeInstanceOf(EntriesLostError);
    expect(await lost).toMatchObject({ reason: 'damaged', entries: PER_BLOCK });
    // Later ones wait for nothing that is lost.
    await muxer.sync();
    expectEachOnce(recording.received, [
      ...first,
      ...ALL.slice(0, 4 * PER_BLOCK),
      ...ALL.slice(5 * PER_BLOCK),
    ]);
    await untilEmpty(muxer);
    expect(cacheStats(muxer)).toMatchObject({ damagedEntries: PER_BLOCK, pendingEntries: 0 });
    expect(lines.some((line) => line.includes('damage in the cache went to its quarantine'))).toBe(
      true,
    );
    expect(readdirSync(join(path, 'quarantine'))).toHaveLength(1);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});

/** A cache of an earlier run with one block of entries. A third of them has no name for its tag. */
function leaveUnsendable(count: number): string {
  const path = temporaryDirectory();
  const log = SegmentLog.open(new NodeDisk(path), {
    muxer: 'earlier',
    maxSegmentBytes: 2 ** 20,
    now: Date.now,
  });
  const frames = Array.from({ length: count }, (_, i) => {
    const data = `entry ${i}`;
    const parts = {
      seconds: 0,
      nanoseconds: i,
      tag: i % 3,
      source: undefined,
      data,
      values: undefined,
    };
    const frame = Buffer.alloc(encodedSize(parts));
    encodeFrame(parts, frame);
    return frame;
  });
  log.append(Buffer.concat(frames), frames.length, ['no name', 'test', 'other']);
  log.sync();
  log.close();
  return path;
}

describe('entries of an earlier run that cannot be sent', () => {
  it('are told, stay, and count as pending, unconfirmed and cached', async () => {
    const path = leaveUnsendable(30);
    const recording = await Receiver.start();
    const muxer = newMuxer({
      ...withCache([recording.address], 'journal', { path }),
      closeTimeout: CLOSE_MS,
    });
    const told = once(muxer, 'error');
    muxer.start();
    await recording.entries(20);
    expect(await told).toMatchObject([{ code: 'ERR_INVALID_TAG' }]);
    expect(cacheStats(muxer)).toMatchObject({ pendingEntries: 10, recoveredEntries: 20 });
    await muxer.sync();
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 10, cached: 10 });
    expect(segmentsIn(path)).toHaveLength(1);
  });

  it('count once, also while other entries of their block wait for room', async () => {
    const path = leaveUnsendable(3000);
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer(withCache([indexer.address], 'journal', { path }));
    muxer.once('error', () => {});
    muxer.start();
    // It confirms nothing: the ring takes a part of the block.
    await until('a part of it', () => cacheStats(muxer).recoveredEntries > 0);
    expect(cacheStats(muxer).pendingEntries).toBe(3000);
  });
});
