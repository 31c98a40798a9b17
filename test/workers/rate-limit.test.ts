import { RateLimit } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../support/test-clock.js';

const BYTES_PER_SECOND = 1_000_000;

function limited(lanes = 1, bytesPerSecond = BYTES_PER_SECOND) {
  const clock = new TestClock();
  const task = RateLimit.task(bytesPerSecond, clock);
  return { clock, limits: Array.from({ length: lanes }, () => new RateLimit(task, clock)) };
}

/** Each lane in turn writes as soon as it may, for so many milliseconds. Returns the bytes. */
function write({ clock, limits }: ReturnType<typeof limited>, bytes: number, time: number): number {
  const end = clock.now() + time;
  let sent = 0;
  for (let turn = 0; ; turn++) {
    const limit = limits[turn % limits.length] as RateLimit;
    for (let wait = limit.wait(); wait > 0; wait = limit.wait()) {
      if (clock.now() + wait > end) return sent;
      clock.advance(wait);
    }
    limit.spend(bytes);
    sent += bytes;
  }
}

describe('a rate limit', () => {
  it.each([
    [100, 1],
    [1000, 4],
    [10_000, 3],
    [200_000, 2],
  ])('is exact in the long run for writes of %i bytes over %i lanes', (bytes, lanes) => {
    const under = limited(lanes);
    const seconds = 120;
    const sent = write(under, bytes, seconds * 1000);
    const due = BYTES_PER_SECOND * seconds;
    // One write may go beyond, and nothing of what is due is held back longer than a millisecond.
    expect(sent - due).toBeLessThanOrEqual(bytes);
    expect(due - sent).toBeLessThanOrEqual(bytes + BYTES_PER_SECOND / 1000);
  });

  it('is empty at first: a write goes beyond, and the next one waits for it', () => {
    const { clock, limits } = limited();
    const [limit] = limits as [RateLimit];
    expect(limit.wait()).toBe(0);
    limit.spend(BYTES_PER_SECOND / 4);
    expect(limit.wait()).toBe(250);
    clock.advance(249.5);
    expect(limit.wait()).toBe(1);
    clock.advance(0.5);
    expect(limit.wait()).toBe(0);
  });

  it.each([1000, 2500, 3_600_000])('lets one second of it through at once after %i ms', (pause) => {
    const under = limited();
    under.clock.advance(pause);
    // One write may go beyond.
    expect(write(under, 1000, 0)).toBe(BYTES_PER_SECOND + 1000);
  });

  it('asks again after a minute where the wait is longer', () => {
    const { limits } = limited();
    limits[0]?.spend(BYTES_PER_SECOND * 3600);
    expect(limits[0]?.wait()).toBe(60_000);
  });

  it('keeps socket writes as small as evenness needs', () => {
    expect(limited().limits[0]?.writeBytes).toBe(20_000);
    expect(limited(1, 1000).limits[0]?.writeBytes).toBe(1024);
  });
});
