import { BacklogFullError } from '@ringest/core';
import { EntryAccount, QueueWriter, sharedWait } from 'ringest/internal';
import { describe, expect, it } from 'vitest';
import { connected } from '../../support/dittos.js';
import { turn, watch } from '../../support/waiting.js';

/** A promise, and what fulfils it. */
function opened() {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('a wait that many share', () => {
  it.each(Array.from({ length: 10 }, (_, steps) => steps))(
    'does not leave out what was written before it, when another comes %i steps after the end of the one before',
    async (steps) => {
      let written: Promise<void>[] = [];
      const wait = sharedWait(async () => {
        const all = written;
        written = [];
        await Promise.all(all);
      });
      const [first, second] = [opened(), opened()];
      written.push(first.promise);
      void wait();
      written.push(second.promise);
      const watched = watch(wait());
      const others = first.promise.then(async () => {
        for (let i = 0; i < steps; i++) await undefined;
        await wait();
      });
      first.open();
      await turn();
      expect(watched.settled).toBe(false);
      second.open();
      await watched.promise;
      await others;
    },
  );
});

describe('the barrier of what a queue writes to', () => {
  it('waits for an entry that the muxer had no room for', async () => {
    const entryOf = (data: string) => ({ timestamp: 1, tag: 0, data: data.padEnd(10_000) });
    const { muxer, connection } = await connected(
      { confirms: 'never' },
      { ringBytes: 65_536, backlogBytes: 1 },
    );
    const options = { tag: 'test', source: undefined, steps: [], onStepError: 'pass' } as const;
    const writer = new QueueWriter(muxer, { ...options, times: undefined }, new EntryAccount(), {
      isStored: false,
      say: () => {},
    });
    let before = 0;
    for (let isFull = false; !isFull; ) {
      try {
        muxer.writeEntry(entryOf('before'))?.catch(() => {});
        before++;
      } catch (error) {
        expect(error).toBeInstanceOf(BacklogFullError);
        isFull = true;
      }
    }
    const room = writer.writeEntry(entryOf('last'));
    const barrier = watch(writer.barrier());
    for (let seen = 1; seen <= before; seen++) {
      await connection.entries(seen);
      connection.confirmThrough(seen);
    }
    await room;
    await connection.entries(before + 1);
    for (let i = 0; i < 30; i++) await turn();
    expect(barrier.settled).toBe(false);
    connection.confirmThrough(before + 1);
    await barrier.promise;
  });
});
