import { encodeConfirmEntry, encodePong, encodeThrottle } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { entry } from '../../support/entries.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';

const MS = 1e6;
async function connected() {
  const indexer = await ScriptedIndexer.listen();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  return { muxer, connection: await indexer.hot(0) };
}

const throttledMs = (muxer: IngestMuxer): number =>
  muxer.stats().lanes[0]?.balancer.throttledMs ?? Number.NaN;

describe('a throttled lane', () => {
  it('sends nothing for as long as the indexer wants', async () => {
    const { muxer, connection } = await connected();
    const asked = performance.now();
    connection.write(encodeThrottle(400 * MS));
    await until('the throttle', () => throttledMs(muxer) > 0);
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    // A timer may be a little early.
    expect(performance.now() - asked).toBeGreaterThan(395);
    expect(performance.now() - asked).toBeLessThan(800);
  });

  it('goes on as soon as the indexer says something', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    for (const [i, word] of [encodePong(), encodeConfirmEntry(1)].entries()) {
      connection.write(encodeThrottle(5000 * MS));
      await until('the throttle', () => throttledMs(muxer) > 0);
      muxer.writeEntry(entry(i + 1));
      const spoke = performance.now();
      connection.write(word);
      await connection.entries(i + 2);
      expect(performance.now() - spoke).toBeLessThan(1000);
    }
  });
});

describe('an indexer that throttles again and again', () => {
  it('gets everything, once and in order, though it is the only one', async () => {
    const recording = await RecordingIndexer.start({ throttle: 150 });
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const throttles = new Set<number>();
    const end = performance.now() + 1500;
    let written = 0;
    while (performance.now() < end) {
      const wait = muxer.writeEntry(entry(written++));
      if (wait) await wait;
      else if (written % 50 === 0) await new Promise(setImmediate);
      if (throttledMs(muxer) > 0) throttles.add(written);
    }
    await muxer.sync();
    expect(throttles.size).toBeGreaterThan(0);
    expectArrivals(
      recording.received,
      Array.from({ length: written }, (_, i) => expectedArrival(entry(i))),
    );
    expect(muxer.stats()).toMatchObject({ confirmedEntries: written, reconnects: 0 });
  });
});
