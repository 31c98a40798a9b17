import { once } from 'node:events';
import type { EntryInput } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

/** Longer than a busy machine keeps anybody waiting, in milliseconds. */
const LONG = 60_000;

const entry = (i: number): EntryInput => ({ timestamp: i, tag: 0, data: `entry ${i}` });

const expected = (count: number) =>
  Array.from({ length: count }, (_, i) => expectedArrival(entry(i)));

describe('an indexer that is connected', () => {
  it('and has nothing to say, but answers PINGs, is not lost', async () => {
    const indexer = await ScriptedIndexer.listen();
    const times = { silence: 2000, confirmation: LONG };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const connection = await indexer.hot(0);
    const pings = () => connection.heard.filter((kind) => kind === 'ping').length;
    await connection.until('three PINGs', () => pings() >= 3);
    expect(muxer.stats()).toMatchObject({ hot: 1, reconnects: 0 });
    expect(connection.isEnded).toBe(false);
  });

  it('and embedded here stays although nothing is written for long', async () => {
    const recording = await RecordingIndexer.start();
    const times = { silence: 1000, confirmation: 1000 };
    const muxer = await hotMuxer({ targets: [recording.address], times });
    const lost: Error[] = [];
    muxer.on('lost', (error) => lost.push(error));
    // With the same times, one that does not answer PINGs is lost again and again meanwhile.
    const mute = await ScriptedIndexer.listen({ answersPings: false });
    const other = await hotMuxer({ targets: [mute.address], times });
    for (let i = 0; i < 2; i++) await once(other, 'lost');
    expect(lost).toEqual([]);
    muxer.writeEntry(entry(0));
    await muxer.sync();
    expect(recording.indexer.stats().connections).toBe(1);
  });

  it('and confirms so seldom that each takes nearly as long as may be is not lost', async () => {
    const recording = await RecordingIndexer.start({ ackDelay: 700 });
    const times = { silence: LONG, confirmation: 2500 };
    const muxer = await hotMuxer({ targets: [recording.address], times });
    for (let i = 0; i < 4; i++) {
      muxer.writeEntry(entry(i));
      await muxer.sync();
    }
    expectArrivals(recording.received, expected(4));
    expect(muxer.stats()).toMatchObject({ reconnects: 0, resentEntries: 0 });
  });
});
