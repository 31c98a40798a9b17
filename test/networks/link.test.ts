import { Link, QUEUE_BYTES, SeededRandom, WELL } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';

const PACKET = 1000;

/** A link with faults, and when it delivers packets that come a millisecond apart. */
function arrivals(faults: Partial<typeof WELL>, packets: number): (number | undefined)[] {
  const link = new Link(new SeededRandom(1).uniform);
  link.faults = { ...WELL, ...faults };
  return Array.from({ length: packets }, (_, i) => link.take(PACKET, i));
}

const isRising = (times: readonly number[]) =>
  times.every((time, i) => i === 0 || time > (times[i - 1] as number));

describe('a link', () => {
  it('that is well delivers at once', () => {
    for (const [i, at] of arrivals({}, 100).entries()) expect(at).toBeCloseTo(i);
  });

  it('that is cut delivers nothing, and counts that', () => {
    const link = new Link(new SeededRandom(1).uniform);
    link.faults = { ...WELL, isCut: true };
    expect(link.take(PACKET, 0)).toBeUndefined();
    link.faults = WELL;
    expect(link.take(PACKET, 1)).toBeCloseTo(1);
    expect(link).toMatchObject({ passed: 1, dropped: 1 });
  });

  it('that loses packets loses the same ones for the same seed, about as many as it should', () => {
    const lost = arrivals({ lossShare: 0.3 }, 10_000).filter((at) => at === undefined).length;
    expect(Math.abs(lost / 10_000 - 0.3)).toBeLessThan(0.02);
    expect(arrivals({ lossShare: 0.3 }, 100)).toEqual(arrivals({ lossShare: 0.3 }, 100));
  });

  it('that delays keeps the order, however much the delay varies', () => {
    const times = arrivals({ delayMs: 100, jitterMs: 50 }, 1000) as number[];
    expect(isRising(times)).toBe(true);
    for (const [i, at] of times.entries()) expect(at - i).toBeGreaterThanOrEqual(50);
    // What has to wait for one before it may come later than its own delay, but not later than the longest.
    for (const [i, at] of times.entries()) expect(at - i).toBeLessThan(151);
  });

  it('that reorders has some packets overtaken by later ones', () => {
    const times = arrivals({ reorderShare: 0.25, reorderMs: 50 }, 1000) as number[];
    expect(times.filter((at, i) => at > i + 25).length).toBeGreaterThan(150);
    expect(isRising(times)).toBe(false);
  });

  it('that is slow sends one after the other, and drops what its buffer does not hold', () => {
    // A packet of 1,000 bytes takes 8 ms, and one comes each millisecond.
    const times = arrivals({ bitsPerSecond: 1e6 }, 1000);
    const delivered = times.flatMap((at) => at ?? []);
    expect(delivered.slice(0, 3)).toEqual([8, 16, 24].map((at) => expect.closeTo(at)));
    for (const [i, at] of delivered.entries()) expect(at).toBeCloseTo((i + 1) * 8);
    const fits = times.indexOf(undefined);
    expect(fits * PACKET).toBeGreaterThan(QUEUE_BYTES);
    for (const [i, at] of times.entries())
      if (at !== undefined) expect((at - i) / 8).toBeLessThanOrEqual(QUEUE_BYTES / PACKET + 1e-9);
  });

  it('with a black hole drops what is too long', () => {
    const link = new Link(new SeededRandom(1).uniform);
    link.faults = { ...WELL, largestBytes: PACKET };
    expect(link.take(PACKET, 0)).toBeCloseTo(0);
    expect(link.take(PACKET + 1, 0)).toBeUndefined();
  });

  it('that has packets late counts them, and no others', () => {
    const link = new Link(new SeededRandom(1).uniform);
    for (const now of [0, 0, 1]) link.take(PACKET, now);
    expect(link).toMatchObject({ passed: 3, delayed: 0 });
    link.faults = { ...WELL, delayMs: 5 };
    link.take(PACKET, 2);
    expect(link).toMatchObject({ passed: 4, delayed: 1 });
  });

  it('tells the largest length where it should, of packets that are longer', () => {
    const link = new Link(new SeededRandom(1).uniform);
    const told = () => [link.largestToTell(1280), link.largestToTell(1281)];
    link.faults = { ...WELL, largestBytes: 1280 };
    expect(told()).toEqual([undefined, undefined]);
    link.faults = { ...WELL, largestBytes: 1280, tellsLargest: true };
    expect(told()).toEqual([undefined, 1280]);
  });
});
