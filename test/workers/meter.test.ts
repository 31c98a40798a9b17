import { createHistogram } from 'node:perf_hooks';
import { CONTROL_WORDS, Control, HALF_LIFE, Meter, readCounters } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../support/test-clock.js';

function metered() {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  const clock = new TestClock();
  const histogram = createHistogram();
  const meter = new Meter(control, histogram, clock);
  return {
    ...{ meter, clock, control, histogram },
    /** Milliseconds. */
    latency: () => Atomics.load(control, Control.latency) / 1000,
    /** Bytes a millisecond. */
    rate: () => Atomics.load(control, Control.rate),
    throttled: () => Atomics.load(control, Control.throttledUntil),
    /** A socket write that takes so long to be confirmed. */
    write(milliseconds: number) {
      const since = clock.now();
      clock.advance(milliseconds);
      meter.acknowledged(since, clock.now());
      meter.publish();
    },
    /** Bytes are confirmed after a time in which the lane always had more to send, or had not. */
    confirm(bytes: number, milliseconds: number, ranDry = false) {
      clock.advance(milliseconds);
      if (ranDry) meter.ranDry();
      meter.confirmed(bytes, clock.now());
    },
  };
}

describe('the latency of a lane', () => {
  it('rises at once, and falls by an eighth of the difference', () => {
    const { write, latency } = metered();
    write(8);
    expect(latency()).toBe(8);
    write(16);
    expect(latency()).toBe(16);
    // No time passes between the confirmations: only what a sample weighs at least counts.
    write(0);
    expect(latency()).toBeCloseTo(14, 2);
    write(0);
    expect(latency()).toBeCloseTo(12.25, 2);
  });

  it('loses half of its weight in every half-life that passes before the next sample', () => {
    const { write, latency, clock } = metered();
    write(40);
    clock.advance(HALF_LIFE - 8);
    write(8);
    expect(latency()).toBeCloseTo(24, 2);
    clock.advance(10 * HALF_LIFE);
    write(8);
    expect(latency()).toBeCloseTo(8, 1);
  });

  it('is recorded as it was, in microseconds, and never as nothing', () => {
    const { write, histogram } = metered();
    write(8);
    write(0);
    expect([histogram.count, histogram.min]).toEqual([2, 1]);
    // A histogram keeps three digits.
    expect(Math.floor(histogram.max / 10)).toBe(800);
  });
});

describe('the rate of a lane', () => {
  it('is what was confirmed in 20 ms and more in which it was never short of frames', () => {
    const { meter, confirm, rate, clock } = metered();
    meter.busy(clock.now());
    confirm(10_000, 19);
    expect(rate()).toBe(0);
    confirm(30_000, 1);
    expect(rate()).toBe(2000);
  });

  it('rises at once, and falls by an eighth of the difference', () => {
    const { meter, confirm, rate, clock } = metered();
    meter.busy(clock.now());
    confirm(20_000, 20);
    confirm(180_000, 20);
    expect(rate()).toBe(9000);
    confirm(20_000, 20);
    expect(rate()).toBe(8000);
  });

  it('does not fall, nor become known, where the lane ran out of frames', () => {
    const { meter, confirm, rate, clock } = metered();
    meter.busy(clock.now());
    confirm(100_000, 20, true);
    expect(rate()).toBe(0);
    confirm(100_000, 20);
    confirm(100, 20, true);
    expect(rate()).toBe(5000);
    // What it was seen to confirm is what it can, however little it had.
    confirm(200_000, 20, true);
    expect(rate()).toBe(10_000);
  });

  it('counts from when something is in flight again', () => {
    const { meter, confirm, rate, clock } = metered();
    meter.busy(clock.now());
    confirm(100_000, 20);
    clock.advance(60_000);
    meter.busy(clock.now());
    confirm(100_000, 20);
    expect(rate()).toBe(5000);
  });
});

describe('a new connection', () => {
  it('knows nothing of the one before, and is counted', () => {
    const { meter, confirm, write, latency, rate, control, clock } = metered();
    meter.busy(clock.now());
    confirm(100_000, 20);
    write(8);
    meter.begin();
    expect([latency(), rate()]).toEqual([0, 0]);
    expect(readCounters(control).connects).toBe(1);
    write(2);
    expect(latency()).toBe(2);
  });
});

describe('a throttle', () => {
  it('is told as the moment of its end, by the clock that all threads share', () => {
    const { meter, clock, throttled } = metered();
    clock.advance(1000);
    meter.throttled(400.2);
    expect(throttled()).toBe(1401);
    meter.throttled(0);
    expect(throttled()).toBe(0);
  });

  it('is never told as none, whatever the moment', () => {
    const { meter, clock, throttled } = metered();
    clock.advance(2 ** 32 - 400);
    meter.throttled(400);
    expect(throttled()).toBe(1);
    clock.advance(-(2 ** 31));
    meter.throttled(500);
    expect(throttled()).toBe(-(2 ** 31) + 100);
  });
});
