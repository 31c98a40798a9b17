import { Indexer } from '@ringest/indexer';
import { expect, it, onTestFinished } from 'vitest';
import { hotMuxer, newMuxer, SECRET, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';

/** Nothing listens there. */
const DEAD = 'tcp://127.0.0.1:1';

const entry = (i: number, bytes = 100) => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, 'x'),
});

it('entries written before the first of several targets is hot go to the one that will be', async () => {
  const recording = await RecordingIndexer.start();
  const muxer = newMuxer({ targets: [DEAD, recording.address] });
  muxer.start();
  const writes = Array.from({ length: 10 }, (_, i) => muxer.writeEntry(entry(i)));
  await Promise.all(writes);
  await muxer.sync({ timeout: 45_000 });
  expect(recording.received).toHaveLength(10);
  expect(muxer.stats().lanes.map((lane) => lane.writtenEntries)).toEqual([0, 10]);
});

it('a lane that took a giant entry gets its share again', async () => {
  const indexers = [1, 2].map(() => new Indexer({ listen: '127.0.0.1:0', secret: SECRET }));
  onTestFinished(async () => {
    await Promise.all(indexers.map((indexer) => indexer.close()));
  });
  const targets = await Promise.all(indexers.map((indexer) => indexer.listen()));
  const muxer = await wholeMuxer({ targets, batchBytes: 4096 });
  await muxer.writeEntry(entry(0, 20_000_000));
  await muxer.sync();
  const giant = muxer.stats().lanes.findIndex((lane) => lane.writtenEntries === 1);
  // A confirmed giant counts with all of its bytes.
  expect(muxer.stats().lanes[giant]?.sentBytes).toBeGreaterThan(20_000_000);
  const share = () => muxer.stats().lanes[giant]?.writtenEntries as number;
  while (share() < 1000) {
    for (let i = 0; i < 1000; i++) {
      const wait = muxer.writeEntry(entry(i));
      if (wait) await wait;
    }
    await muxer.sync();
  }
});

it('large entries that are given up leave room for others', async () => {
  const recording = await RecordingIndexer.start();
  const muxer = await hotMuxer({ targets: [recording.address], ringBytes: 65536 });
  for (let i = 0; i < 5; i++) {
    const signal = AbortSignal.abort(new Error('given up'));
    // Either there was room at once, or it is given up: nothing hangs afterwards.
    await muxer.writeEntry(entry(i, 1_000_000), { signal })?.catch(() => {});
  }
  const accepted = muxer.stats().writtenEntries;
  await muxer.writeEntry(entry(9, 1_000_000));
  await muxer.sync();
  expect(recording.received).toHaveLength(accepted + 1);
});
