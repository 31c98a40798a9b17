import { once } from 'node:events';
import { encodeConfirmEntry, encodePong } from '@ringest/codec';
import type { ConnectionError, EntryInput, IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival, keyOf } from '../../support/arrivals.js';
import { hotMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const entry = (i: number, tag = 0, bytes = 20): EntryInput => ({
  timestamp: i,
  tag,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

const pongs = (bytes: number): Buffer => Buffer.alloc(bytes, encodePong());

/** Nothing of the event loop runs meanwhile. */
function stopTheLoop(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Writes entries until the next would wait; returns all of them. */
function fill(muxer: IngestMuxer): EntryInput[] {
  const written: EntryInput[] = [];
  while (!muxer.willBlock(500)) {
    const one = entry(written.length, 0, 500);
    muxer.writeEntry(one);
    written.push(one);
  }
  return written;
}

describe('bytes behind a protocol error', () => {
  it.each([
    [8000, 65_401],
    [60_000, 65_401],
    [60_000, 45_000],
  ])('(%s of them) do no harm to tag %s', async (bytes, number) => {
    const indexer = await ScriptedIndexer.listen({
      numberTags: (names) => new Map(names.map((name, i) => [name, number - 1 + i])),
    });
    const muxer = await hotMuxer({ targets: [indexer.address], tags: ['zero', 'one', 'two'] });
    const entries = [1, 0, 1, 2, 1].map((tag, i) => entry(i, tag));
    muxer.writeBatch(entries);
    const first = await indexer.hot(0);
    await first.entries(5);
    const lost = once(muxer, 'lost');
    first.write(Buffer.concat([encodeConfirmEntry(9999), pongs(bytes)]));
    const [error] = (await lost) as [ConnectionError];
    expect(error).toMatchObject({ reason: 'protocol' });
    const second = await indexer.hot(1);
    await second.entries(5);
    const wanted = entries.map((one) => expectedArrival(one, muxer.lookupTag(one.tag)));
    expectArrivals(second.arrivals, wanted);
    second.confirmThrough(5);
    await muxer.sync({ timeout: 45_000 });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});

describe('more than is read at a time between handshake and stream', () => {
  it.each([70_000, 160_000])('(%s bytes) ends the connection, and nothing else', async (bytes) => {
    const first = await ScriptedIndexer.listen();
    const second = await ScriptedIndexer.listen();
    const targets = [first.address, second.address];
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING, workers: 2 });
    const entries = fill(muxer);
    const before = await first.hot(0);
    await before.entries(muxer.stats().lanes[0]?.writtenEntries ?? 0);
    const full = await second.hot(0);
    const errors: ConnectionError[] = [];
    muxer.on('lost', (error) => errors.push(error));
    before.socket.destroy();
    const hostile = await first.connection(1);
    // The main thread has the ring, for which there is no room elsewhere, and keeps it meanwhile.
    await hostile.until('the end of the handshake', () =>
      hostile.heard.includes('streamConfiguration'),
    );
    hostile.write(pongs(bytes));
    stopTheLoop(500);
    const again = await first.hot(2);
    expect(errors.at(-1)).toMatchObject({ reason: 'protocol' });
    expect(errors.at(-1)?.message).toContain('too much');
    expect(hostile.frames).toEqual([]);
    await again.until('all', () => again.frames.length + full.frames.length >= entries.length);
    const wanted = entries.map((one) => keyOf(expectedArrival(one)));
    expect([...again.arrivals, ...full.arrivals].map(keyOf).sort()).toEqual(wanted.sort());
    again.confirmThrough(again.frames.length);
    full.confirmThrough(full.frames.length);
    await muxer.sync({ timeout: 45_000 });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});
