import type { ConnectionLoss } from '@ringest/workers/internal';
import { Liveness } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../support/test-clock.js';

const LONG = 100_000_000;
const TIMES = {
  ...{ dial: LONG, tls: LONG, handshake: LONG, notReady: LONG, firstRetry: LONG, mostRetry: LONG },
  silence: 60_000,
  confirmation: 30_000,
};

/** A watch on something that a test sets, and what the watch did with its time. */
function watched(times: Partial<typeof TIMES> = {}) {
  const clock = new TestClock();
  const done: [what: string, at: number][] = [];
  const state = { confirmations: 0, isOutstanding: false, outstandingBytes: 0 };
  const note = (what: string) => done.push([what, clock.now()]);
  let looks = 0;
  const watch = new Liveness(
    { ...TIMES, ...times },
    {
      get confirmations() {
        looks++;
        return state.confirmations;
      },
      get isOutstanding() {
        return state.isOutstanding;
      },
      get outstandingBytes() {
        return state.outstandingBytes;
      },
      ping: () => note('ping'),
      forceAck: () => note('force ack'),
      lost: (error: ConnectionLoss) => note(`lost: ${error.message}`),
    },
    clock,
  );
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  /** Time passes second by second, as the thread would see it. */
  const pass = async (seconds: number, each = () => {}) => {
    for (let i = 0; i < seconds; i++) {
      each();
      clock.advance(1000);
      await turn();
    }
  };
  const what = () => done.map(([one]) => one);
  return { watch, clock, state, done, what, pass, turn, looks: () => looks };
}

describe('an indexer of which nothing is heard', () => {
  it('is asked after half of the time, and lost after all of it', async () => {
    const { done, pass, watch } = watched();
    await pass(61);
    const silent = 'lost: nothing heard from the indexer for 60000 ms';
    // The first look takes what was heard before the watch began.
    expect(done.slice(0, 2)).toEqual([
      ['ping', 31_000],
      [silent, 61_000],
    ]);
    watch.end();
  });

  it('is asked once for each silence, and kept when it answers', async () => {
    const { watch, done, what, pass } = watched();
    for (let silence = 0; silence < 4; silence++) {
      await pass(59);
      watch.heard();
      await pass(1);
    }
    expect(what()).toEqual(Array(4).fill('ping'));
    expect(done[0]).toEqual(['ping', 31_000]);
  });

  it('is kept when it said something while the thread was away', async () => {
    const { watch, clock, what, pass, turn } = watched();
    await pass(31);
    clock.stall(600_000);
    clock.advance(0);
    // What has come in meanwhile is read in the same turn.
    watch.heard();
    await turn();
    await pass(20);
    expect(what().filter((one) => one !== 'ping')).toEqual([]);
  });

  it('is pinged every five minutes even if it says a lot: it has to hear something, too', async () => {
    const { watch, done, pass } = watched();
    await pass(910, () => watch.heard());
    expect(done).toEqual([
      ['ping', 300_000],
      ['ping', 600_000],
      ['ping', 900_000],
    ]);
  });
});

describe('an indexer that confirms nothing', () => {
  it('is asked at the first look, and lost after the time for confirmations', async () => {
    const { watch, state, done, pass } = watched();
    await pass(2, () => watch.heard());
    state.isOutstanding = true;
    await pass(31, () => watch.heard());
    const problem = 'lost: the indexer has confirmed nothing for 30000 ms';
    expect(done).toEqual([
      ['force ack', 3000],
      [`${problem}, although entries are outstanding`, 33_000],
    ]);
  });

  it('is kept for as long as it confirms something within that time', async () => {
    const { watch, state, what, pass } = watched();
    state.isOutstanding = true;
    for (let i = 0; i < 9; i++) {
      await pass(29, () => watch.heard());
      state.confirmations++;
      await pass(1, () => watch.heard());
    }
    expect(what()).toEqual(Array(9).fill('force ack'));
  });

  it('is not asked while nothing is outstanding', async () => {
    const { watch, what, pass, looks } = watched();
    await pass(200, () => watch.heard());
    expect(looks()).toBeGreaterThanOrEqual(200);
    expect(what()).toEqual([]);
  });

  it('has as much more time as a slow link needs for what is outstanding', async () => {
    const { watch, state, done, pass } = watched();
    state.isOutstanding = true;
    state.outstandingBytes = 10_000 * 1024;
    await pass(42, () => watch.heard());
    expect(done[1]?.[0]).toContain('confirmed nothing for 40000 ms');
    expect(done[1]?.[1]).toBe(41_000);
  });

  it('is kept when its confirmation came while the thread was away', async () => {
    const { watch, clock, state, what, pass, turn } = watched();
    state.isOutstanding = true;
    await pass(5, () => watch.heard());
    clock.stall(600_000);
    watch.heard();
    clock.advance(0);
    state.confirmations++;
    await turn();
    await pass(5, () => watch.heard());
    expect(what().filter((one) => one.startsWith('lost'))).toEqual([]);
  });
});

describe('a watch', () => {
  it.each([
    [400, 60_000, 50],
    [60_000, 80, 10],
    [60_000, 30_000, 1000],
  ])(
    'looks an eighth of the shorter time of %i and %i apart: %i ms',
    (silence, confirmation, at) => {
      const { clock, looks } = watched({ silence, confirmation });
      clock.advance(at - 1);
      expect(looks()).toBe(0);
      clock.advance(1);
      expect(looks()).toBe(1);
      clock.advance(9 * at);
      expect(looks()).toBe(10);
    },
  );

  it('that has ended looks no more', () => {
    const { watch, clock, looks } = watched();
    watch.end();
    clock.advance(LONG);
    expect([looks(), clock.timers]).toEqual([0, 0]);
  });
});
