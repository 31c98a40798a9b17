import { NotRunningError, openProducer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { entry } from '../../support/entries.js';
import { hotMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { turn, watch } from '../../support/waiting.js';

async function connected(confirms: 'never' | 'on flush') {
  const indexer = await ScriptedIndexer.listen({ confirms });
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const connection = await indexer.hot(0);
  const producer = openProducer(muxer.producer());
  return { muxer, connection, producer };
}

describe('sync of a producer', () => {
  it('ends when what the producer wrote before it is confirmed, and not sooner', async () => {
    const { connection, producer } = await connected('never');
    for (let i = 0; i < 3; i++) producer.writeEntry(entry(i));
    const sync = watch(producer.sync());
    const barrier = watch(producer.barrier());
    await connection.entries(3);
    connection.confirmThrough(2);
    for (let i = 0; i < 10; i++) await turn();
    expect(sync.settled || barrier.settled).toBe(false);
    connection.confirmThrough(3);
    await Promise.all([sync.promise, barrier.promise]);
  });

  it('asks the indexer to confirm, and ends at once when nothing was written', async () => {
    const { producer } = await connected('on flush');
    await producer.sync();
    for (let i = 0; i < 3; i++) {
      producer.writeEntry(entry(i));
      await producer.sync();
    }
  });

  it('ends with its timeout or its signal', async () => {
    const { producer } = await connected('never');
    producer.writeEntry(entry(0));
    await expect(producer.sync({ timeout: 1 })).rejects.toMatchObject({ code: 'ERR_WAIT_TIMEOUT' });
    const controller = new AbortController();
    const aborted = producer.barrier({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(producer.sync({ timeout: 0 })).rejects.toMatchObject({
      code: 'ERR_INVALID_TIMEOUT',
    });
  });

  it('rejects when the muxer closes without the confirmation', async () => {
    const { muxer, connection, producer } = await connected('never');
    producer.writeEntry(entry(0));
    const sync = producer.sync();
    const rejected = expect(sync).rejects.toBeInstanceOf(NotRunningError);
    await connection.entries(1);
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
    await rejected;
  });
});

describe('sync and barrier of the muxer', () => {
  it('stand for what producers had committed', async () => {
    const { muxer, connection, producer } = await connected('never');
    producer.writeEntry(entry(0));
    // The end of the turn commits.
    await turn();
    const waits = [watch(muxer.sync()), watch(muxer.barrier())];
    await connection.entries(1);
    for (let i = 0; i < 10; i++) await turn();
    expect(waits.map(({ settled }) => settled)).toEqual([false, false]);
    connection.confirmThrough(1);
    await Promise.all(waits.map(({ promise }) => promise));
  });
});
