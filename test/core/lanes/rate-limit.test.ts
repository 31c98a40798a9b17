import { expect, it } from 'vitest';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

/** Bits a second at which a mebibyte takes more than a minute. */
const SLOW = 131_072;

const entry = (bytes: number) => ({ timestamp: 0, tag: 0, data: Buffer.alloc(bytes) });

it('a limited muxer sends nothing more until what it sent has used up its time', async () => {
  const indexer = await ScriptedIndexer.listen({ answersTags: false });
  const muxer = await hotMuxer({ targets: [indexer.address], rateLimit: SLOW });
  const connection = await indexer.hot(0);
  for (let i = 0; i < 3; i++) muxer.writeEntry(entry(1_048_576));
  await connection.entries(1);
  // Commands are not held back. This one comes after the thread has seen all that was written.
  muxer.negotiateTag('late');
  const { flushes } = connection;
  await connection.until('FORCE_ACK', () => connection.flushes > flushes);
  expect(connection.frames).toHaveLength(1);
  expect(muxer.stats()).toMatchObject({ writtenEntries: 3, sentEntries: 1 });
});

it('a limit that is not reached changes nothing, over several lanes that share it', async () => {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const muxer = await hotMuxer({
    ...{ targets: [indexer.address], connectionsPerTarget: 2, workers: 1 },
    ...{ rateLimit: 1e12, ringBytes: SMALL_RING },
  });
  for (let i = 0; i < 500; i++) await muxer.writeEntry(entry(i));
  await muxer.writeEntry(entry(100_000));
  await muxer.sync();
  expect(muxer.stats()).toMatchObject({ confirmedEntries: 501, resentEntries: 0 });
});
