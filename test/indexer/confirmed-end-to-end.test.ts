import { DittoRefusedError, Indexer } from '@ringest/indexer';
import { expect, it, onTestFinished } from 'vitest';
import { expectArrivals, expectedArrival } from '../support/arrivals.js';
import { lightChallenges } from '../support/light-challenges.js';
import { hotMuxer, SECRET } from '../support/muxer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { turn } from '../support/waiting.js';

const entry = (i: number) => ({ timestamp: i, tag: 0, data: `entry ${i}`, source: '10.0.0.1' });

it('an ingester is told that its entries arrived once the next indexer has them', async () => {
  lightChallenges();
  const far = await ScriptedIndexer.listen();
  const onward = await hotMuxer({ targets: [far.address] });
  const near = new Indexer({
    ...{ listen: '127.0.0.1:0', secret: SECRET },
    onEntry(view) {
      const { timestamp, source, data } = view.decode();
      return onward.writeEntry({ timestamp, source, data, tag: onward.getTag('test') });
    },
    beforeConfirm: () => onward.barrier(),
  });
  onTestFinished(() => near.close());
  const muxer = await hotMuxer({ targets: [await near.listen()] });
  const written = Array.from({ length: 300 }, (_, i) => entry(i));
  for (const one of written) await muxer.writeEntry(one);
  const connection = await far.hot(0);
  await connection.entries(300);
  for (let i = 0; i < 20; i++) await turn();
  expect(muxer.stats().confirmedEntries).toBe(0);
  connection.confirmThrough(300);
  await muxer.sync();
  expectArrivals(
    connection.arrivals,
    written.map((one) => expectedArrival(one)),
  );
});

it('a muxer learns that the handler of an indexer refuses a ditto block', async () => {
  lightChallenges();
  const indexer = new Indexer({
    ...{ listen: '127.0.0.1:0', secret: SECRET },
    onDittoBlock(entries) {
      if (entries > 1) throw new DittoRefusedError('too many');
    },
  });
  onTestFinished(() => indexer.close());
  const muxer = await hotMuxer({ targets: [await indexer.listen()] });
  await expect(muxer.dittoWrite([entry(1), entry(2)])).rejects.toMatchObject({
    reason: 'refused',
    mayBeStored: false,
  });
  await muxer.dittoWrite([entry(1)]);
  expect(muxer.stats().lanes[0]?.reconnects).toBe(0);
});
