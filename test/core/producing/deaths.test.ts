import { describe, expect, it } from 'vitest';
import { CLOSE_MS } from '../../support/caching.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { numbersOf, ProducerThread, range } from '../../support/producer-thread.js';
import { Random } from '../../support/random.js';
import { Receiver } from '../../support/receiver.js';
import { scaled, soak, tellSeed } from '../../support/scale.js';
import { turn, until } from '../../support/waiting.js';

const WAYS = ['writeEntry', 'writeBatch', 'writePacked', 'lines'];
/** Numbers from which each thread writes on. */
const APART = 1_000_000;

async function connected() {
  const indexer = await Receiver.start();
  const muxer = await hotMuxer({
    targets: [indexer.address],
    ringBytes: SMALL_RING,
    closeTimeout: CLOSE_MS,
  });
  return { indexer, muxer };
}

describe('the thread of a producer', () => {
  it.each(['writeAndExit', 'writeAndCrash', 'streamAndExit'])(
    'leaves what it has committed, when it ends in the next moment by %s',
    async (action) => {
      const { indexer, muxer } = await connected();
      const thread = await ProducerThread.open(muxer);
      // Not awaited: the thread is gone before it could answer.
      void thread.do(action, { from: 0, count: 400, bytes: 100 });
      await thread.ended();
      await muxer.sync();
      expect(numbersOf(indexer.received)).toEqual(range(0, 400));
      await until('the end of the producer', () => muxer.stats().producers === 0);
    },
  );

  it('leaves large entries as well', async () => {
    const { indexer, muxer } = await connected();
    const thread = await ProducerThread.open(muxer);
    void thread.do('writeAndExit', { from: 0, count: 1, bytes: 200_000 });
    await thread.ended();
    await muxer.sync();
    expect(numbersOf(indexer.received)).toEqual([0]);
  });

  it('may be terminated at any moment: all that it has synced is there, each once, in order', async () => {
    const random = new Random(soak.seed);
    tellSeed(soak.seed);
    const { indexer, muxer } = await connected();
    const threads: ProducerThread[] = [];
    for (let round = 0; round < scaled(6, 200); round++) {
      const thread = await ProducerThread.open(muxer);
      threads.push(thread);
      const perRound = 1 + random.below(500);
      const bytes = random.chance(0.2) ? 20_000 : 20 + random.below(400);
      const options = { from: APART * round, perRound: bytes > 16_000 ? 3 : perRound, bytes };
      void thread.do('writeAndSync', { ...options, way: random.pick(WAYS) });
      await thread.syncs(1 + random.below(5));
      for (let turns = random.below(50); turns > 0; turns--) await turn();
      await thread.worker.terminate();
    }
    await muxer.sync();
    const numbers = numbersOf(indexer.received);
    for (const [i, thread] of threads.entries()) {
      const its = numbers.filter((number) => Math.floor(number / APART) === i);
      expect(its).toEqual(range(APART * i, APART * i + its.length));
      expect(its.length).toBeGreaterThanOrEqual((thread.synced.at(-1) ?? 0) - APART * i);
    }
    await until('the end of all producers', () => muxer.stats().producers === 0);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});
