import { once } from 'node:events';
import type { EntryInput } from '@ringest/codec';
import type { ConnectionError, IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { hotMuxer, wholeMuxer } from '../../support/muxer.js';
import { startIndexer } from '../../support/node-process.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

/** Longer than a busy machine keeps anybody waiting, in milliseconds. */
const LONG = 60_000;

/** How all connections but the first behave: one that is lost while this process is held up has a successor. */
const WELL = { answersPings: true, confirms: 'at once' } as const;

const entry = (i: number): EntryInput => ({ timestamp: i, tag: 0, data: `entry ${i}` });

const entries = (count: number) => Array.from({ length: count }, (_, i) => entry(i));

const expected = (count: number) => expectedArrivals(entries(count));

/** What arrived on the last connection that got entries, the first one left out. */
const laterArrivals = ({ connections }: ScriptedIndexer) =>
  connections
    .slice(1)
    .filter(({ frames }) => frames.length > 0)
    .at(-1)?.arrivals ?? [];

async function loss(muxer: IngestMuxer): Promise<ConnectionError> {
  const [error] = await once(muxer, 'lost');
  return error as ConnectionError;
}

describe('an indexer that is connected', () => {
  it('but says nothing, not even to PING, is lost, and gets it all again', async () => {
    const indexer = await ScriptedIndexer.listen({ answersPings: false, later: WELL });
    const times = { silence: 400, confirmation: LONG };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const lost = loss(muxer);
    muxer.writeBatch(entries(5));
    const first = await indexer.hot(0);
    await first.entries(5);
    expect(await lost).toMatchObject({
      code: 'ERR_CONNECTION',
      reason: 'timeout',
      message: `${indexer.address}: nothing heard from the indexer for 400 ms`,
    });
    await first.ended();
    expect(first.heard.filter((kind) => kind === 'ping')).toHaveLength(1);
    await muxer.sync();
    expectArrivals(laterArrivals(indexer), expected(5));
  });

  it('and answers PINGs, but confirms nothing although it is asked to, is lost', async () => {
    const indexer = await ScriptedIndexer.listen({ later: WELL });
    const times = { silence: LONG, confirmation: 400 };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const first = await indexer.hot(0);
    const { flushes } = first;
    const lost = loss(muxer);
    muxer.writeBatch(entries(5));
    await first.entries(5);
    await first.until('FORCE_ACK', () => first.flushes > flushes);
    const { reason, message } = await lost;
    expect(reason).toBe('timeout');
    expect(message).toContain('has confirmed nothing for 400 ms, although entries are outstanding');
    await muxer.sync();
    expectArrivals(laterArrivals(indexer), expected(5));
  });

  it('and never answers a TAG is lost, and asked in the next request', async () => {
    const indexer = await ScriptedIndexer.listen({ answersTags: false, confirms: 'at once' });
    const times = { silence: LONG, confirmation: 200 };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    await indexer.hot(0);
    const lost = loss(muxer);
    const tag = muxer.negotiateTag('late');
    muxer.writeEntry({ ...entry(0), tag });
    expect(await lost).toMatchObject({ reason: 'timeout' });
    await muxer.sync();
    expect([...(await indexer.hot(1)).tags.keys()]).toEqual(['test', 'late']);
  });

  it('and reads no more is lost, whatever is on its way to it', async () => {
    const indexer = await ScriptedIndexer.listen();
    const recording = await CollectingIndexer.start();
    const times = { silence: 2000, confirmation: LONG };
    const targets = [indexer.address, recording.address];
    const muxer = await wholeMuxer({ targets, times, ringBytes: 2 ** 20, batchBytes: 4096 });
    const connection = await indexer.hot(0);
    connection.socket.pause();
    const lost = loss(muxer);
    const count = 600;
    for (let i = 0; i < count; i++) {
      await muxer.writeEntry({ timestamp: i, tag: 0, data: Buffer.alloc(20_000, 7) });
    }
    expect(await lost).toMatchObject({ reason: 'timeout' });
    await indexer.close();
    await muxer.sync({ timeout: 45_000 });
    expect(recording.received.length).toBe(count);
  });
});

describe("an indexer's process that is stopped", () => {
  it('is noticed, and what it had not confirmed arrives elsewhere', async () => {
    const { indexer, address } = await startIndexer('--listen', '127.0.0.1:0', '--ack-delay', '5m');
    const recording = await CollectingIndexer.start();
    const targets = [`tcp://${address}`, recording.address];
    const times = { silence: 2500, firstRetry: 600_000, mostRetry: 600_000 };
    const muxer = await wholeMuxer({ targets, times, batchBytes: 1 });
    const lost = loss(muxer);
    for (const one of entries(100)) muxer.writeEntry(one);
    await expect.poll(() => muxer.stats().sentEntries).toBe(100);
    const elsewhere = recording.received.length;
    expect(elsewhere).toBeLessThan(100);
    indexer.kill('SIGSTOP');
    expect(await lost).toMatchObject({ reason: 'timeout', target: `tcp://${address}` });
    await muxer.sync({ timeout: 45_000 });
    const keys = recording.received.map(({ bytes }) => bytes.toString('hex')).sort();
    expect(keys).toEqual(
      expected(100)
        .map(({ bytes }) => bytes.toString('hex'))
        .sort(),
    );
    expect(muxer.hot()).toBe(1);
  });
});
