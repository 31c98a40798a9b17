import { Backoff, Pause } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../support/test-clock.js';

const next = (backoff: Backoff, count: number) =>
  Array.from({ length: count }, () => backoff.next());

describe('the delays between attempts', () => {
  it('double up to the longest one, and begin anew once something works', () => {
    const backoff = new Backoff(500, 30_000, () => 0);
    const all = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    expect(next(backoff, 8)).toEqual(all);
    backoff.reset();
    expect(next(backoff, 2)).toEqual([500, 1000]);
  });

  it('are shortened by up to half, each by chance', () => {
    expect(next(new Backoff(1000, 4000, () => 1 - Number.EPSILON), 3)).toEqual([500, 1000, 2000]);
    const chances = [0, 0.5, 0.25];
    const backoff = new Backoff(1000, 1000, () => chances.shift() ?? 0);
    expect(next(backoff, 3)).toEqual([1000, 750, 875]);
  });

  it('stay within these bounds by the chance of the machine', () => {
    for (const delay of next(new Backoff(400, 400), 1000)) {
      expect(delay).toBeGreaterThanOrEqual(200);
      expect(delay).toBeLessThanOrEqual(400);
    }
  });
});

describe('a pause', () => {
  function pause() {
    const clock = new TestClock();
    const overAt: number[] = [];
    const hold: Pause = new Pause(() => {
      expect(hold.isOn).toBe(false);
      overAt.push(clock.now());
    }, clock);
    return { clock, overAt, hold };
  }

  it('is on for its time, and says when that is over', () => {
    const { clock, overAt, hold } = pause();
    expect(hold.isOn).toBe(false);
    hold.begin(400);
    clock.advance(399);
    expect([hold.isOn, overAt]).toEqual([true, []]);
    clock.advance(100);
    expect([hold.isOn, overAt]).toEqual([false, [400]]);
  });

  it('counts from its new begin when it begins anew, shorter or longer', () => {
    const { clock, overAt, hold } = pause();
    hold.begin(400);
    clock.advance(300);
    hold.begin(400);
    clock.advance(300);
    hold.begin(50);
    clock.advance(1000);
    expect(overAt).toEqual([650]);
  });

  it('that is ended says nothing, and may begin again', () => {
    const { clock, overAt, hold } = pause();
    hold.begin(400);
    hold.end();
    hold.end();
    expect([hold.isOn, clock.timers]).toEqual([false, 0]);
    clock.advance(1000);
    hold.begin(10);
    clock.advance(10);
    expect(overAt).toEqual([1010]);
  });
});
