import { comparePairs, confidenceOfEach, leastPairs, type Pair } from '@ringest/bench/internal';
import { SeededRandom } from '@ringest/bench/shared';
import { expect, it } from 'vitest';

/** Pairs whose ratios have these logarithms. */
const ofLogs = (logs: readonly number[]): Pair[] => logs.map((log) => [Math.exp(log), 1]);

it('a comparison has the interval of the signed-rank test', () => {
  // Differences of a depression scale (Hollander and Wolfe, Nonparametric Statistical Methods): the
  // estimate is -0.46, and the interval of 96% from -0.786 to -0.010.
  const differences = [-0.952, 0.147, -1.022, -0.43, -0.62, -0.59, -0.49, 0.08, -0.01];
  const { ratio, interval } = comparePairs(ofLogs(differences), 0.95);
  expect(Math.log(ratio)).toBeCloseTo(-0.46, 9);
  expect(Math.log(interval?.low ?? 0)).toBeCloseTo(-0.786, 9);
  expect(Math.log(interval?.high ?? 0)).toBeCloseTo(-0.01, 9);
});

it('a comparison of few pairs has no interval', () => {
  expect(leastPairs(0.95)).toBe(6);
  expect(leastPairs(0.5)).toBe(2);
  const pairs = ofLogs([1, 2, 3, 4, 5, 6]);
  expect(comparePairs(pairs.slice(1), 0.95).interval).toBeUndefined();
  const { low, high } = comparePairs(pairs, 0.95).interval ?? {};
  expect([Math.log(low ?? 0), Math.log(high ?? 0)]).toEqual(
    [1, 6].map((log) => expect.closeTo(log)),
  );
});

it('a comparison is the same whatever slows both of a pair', () => {
  const pairs: Pair[] = [2, 2.1, 1.9, 2.2, 2, 2.05, 1.95].map((ratio) => [ratio, 1]);
  const slowed = pairs.map(([a, b], i): Pair => [a / 10 ** i, b / 10 ** i]);
  const steady = comparePairs(pairs, 0.95);
  const { ratio, interval } = comparePairs(slowed, 0.95);
  expect(ratio).toBeCloseTo(steady.ratio, 9);
  expect(interval?.low).toBeCloseTo(steady.interval?.low ?? 0, 9);
  expect(interval?.low).toBeGreaterThan(1.89);
});

it('a comparison the other way round has the other ratio', () => {
  const pairs = ofLogs([0.3, -0.1, 0.2, 0.25, 0.4, 0.1, 0.15, 0.22]);
  const there = comparePairs(pairs, 0.9);
  const back = comparePairs(
    pairs.map(([a, b]): Pair => [b, a]),
    0.9,
  );
  expect(back.ratio).toBeCloseTo(1 / there.ratio, 9);
  expect(back.interval?.low).toBeCloseTo(1 / (there.interval?.high ?? 0), 9);
});

it('one wild pair among many does not turn a comparison', () => {
  const pairs = ofLogs([...Array.from({ length: 11 }, (_, i) => 0.5 + i / 100), -5]);
  expect(comparePairs(pairs, 0.95).interval?.low).toBeGreaterThan(1);
});

it('noise is taken for a difference as seldom as the confidence says', () => {
  const random = new SeededRandom(7);
  const noise = (): Pair => [random.logNormal(1, 0.3), random.logNormal(1, 0.3)];
  const trials = 2000;
  let wrong = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { interval } = comparePairs(Array.from({ length: 10 }, noise), 0.95);
    if (interval !== undefined && (interval.low > 1 || interval.high < 1)) wrong++;
  }
  expect(wrong / trials).toBeLessThan(0.055);
  expect(wrong).toBeGreaterThan(0);
});

it('several intervals hold together when each is wider', () => {
  expect(confidenceOfEach(1, 0.95)).toBe(0.95);
  expect(confidenceOfEach(5, 0.95)).toBeCloseTo(0.99, 9);
  expect(leastPairs(confidenceOfEach(3, 0.95))).toBe(7);
});
