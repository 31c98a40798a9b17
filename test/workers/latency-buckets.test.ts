import {
  addLatencies,
  CONTROL_WORDS,
  Control,
  counters,
  countLatency,
  LATENCY_BOUNDS,
  noLatencies,
  readLatencies,
} from '@ringest/workers/internal';
import { expect, it } from 'vitest';

const newControl = () => new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));

it('a latency is in the first bucket whose bound it does not exceed', () => {
  const control = newControl();
  const last = LATENCY_BOUNDS.length;
  for (const micros of [1, 50, 51, 10_000_000, 10_000_001]) countLatency(control, micros);
  const { counts, sum } = readLatencies(control);
  expect(counts).toHaveLength(last + 1);
  expect(counts.slice(0, 2)).toEqual([2, 1]);
  expect(counts.slice(last - 1)).toEqual([1, 1]);
  expect(counts.reduce((all, count) => all + count)).toBe(5);
  expect(sum).toBe(1 + 50 + 51 + 10_000_000 + 10_000_001);
});

it('counts and sums go on beyond 32 bits', () => {
  const control = newControl();
  control[Control.latencyCounts] = -1;
  control[Control.latencySum] = -2;
  countLatency(control, 5);
  const { counts, sum } = readLatencies(control);
  expect([counts[0], sum]).toEqual([2 ** 32, 2 ** 32 + 3]);
});

it('the counts of several lanes are added', () => {
  const control = newControl();
  countLatency(control, 70);
  const all = noLatencies();
  addLatencies(all, readLatencies(control));
  addLatencies(all, readLatencies(control));
  expect([all.counts[0], all.counts[1], all.sum]).toEqual([0, 2, 140]);
});

it('they share no word of the control block with other figures', () => {
  expect(Control.latencySum).toBeGreaterThanOrEqual(Control.counters + 2 * counters.length);
  expect(Control.latencyCounts).toBeGreaterThanOrEqual(Control.latencySum + 2);
  expect(Control.latencyCounts + 2 * (LATENCY_BOUNDS.length + 1)).toBeLessThanOrEqual(
    CONTROL_WORDS,
  );
});
