import { Backlog, Slice } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../../support/test-clock.js';

const frames = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ frame: Buffer.alloc(46), entries: 1, tag: from + i, wasInRing: false, isCached: false },
  }));

/** A backlog with three writes of so many frames, and the tags of those that are placed. */
function waiting(count: number) {
  const clock = new TestClock();
  const backlog = new Backlog();
  const placed: number[] = [];
  const written = [0, 1, 2].map((i) =>
    backlog.push(frames(i * count, count), 0, {}, () => expect.fail('nothing is given up')),
  );
  const drain = (millisecondsEach: number) =>
    backlog.placeWaiting(({ tag }) => {
      clock.advance(millisecondsEach);
      return placed.push(tag) > 0;
    }, new Slice(clock));
  return { backlog, placed, written, drain };
}

describe('what waits for room and finds it', () => {
  it('is placed in slices of two milliseconds, in order', async () => {
    const { backlog, placed, written, drain } = waiting(100);
    const slices: number[] = [];
    for (let before = 0, isOver = true; isOver; before = placed.length) {
      isOver = drain(0.01);
      slices.push(placed.length - before);
    }
    // The clock is looked at after 64 frames: 200 take two milliseconds.
    expect(slices).toEqual([256, 44]);
    expect(placed).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect([backlog.isEmpty, backlog.bytes, backlog.entries]).toEqual([true, 0, 0]);
    await Promise.all(written);
  });

  it('is done with once its last frame is placed, also at the very end of a slice', async () => {
    const { backlog, placed, written, drain } = waiting(64);
    let slices = 1;
    while (drain(1)) slices++;
    expect([slices, placed.length, backlog.isEmpty]).toEqual([4, 192, true]);
    await Promise.all(written);
  });

  it('is not given up once its last frame is placed, though its slice ended with that frame', async () => {
    const clock = new TestClock();
    const backlog = new Backlog();
    const controller = new AbortController();
    const { signal } = controller;
    const written = backlog.push(frames(0, 64), 0, { signal }, () =>
      expect.fail('nothing is given up'),
    );
    const slice = new Slice(clock);
    clock.advance(10);
    expect(backlog.placeWaiting(() => true, slice)).toBe(true);
    expect([backlog.isEmpty, backlog.bytes, backlog.entries]).toEqual([true, 0, 0]);
    controller.abort();
    backlog.abandonAll(new Error('the end'));
    await written;
  });
});
