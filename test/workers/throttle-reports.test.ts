import { ThrottleReports, type Throttling } from '@ringest/workers/internal';
import { expect, it } from 'vitest';
import { TestClock } from '../support/test-clock.js';

it('throttles are reported every ten seconds at most, and none is left out of the count', () => {
  const clock = new TestClock();
  const told: Throttling[] = [];
  const reports = new ThrottleReports((throttling) => told.push(throttling), clock);
  reports.add(5);
  reports.add(6);
  clock.advance(9999);
  reports.add(7);
  expect(told).toEqual([{ throttles: 1, milliseconds: 5 }]);
  clock.advance(1);
  reports.add(8);
  clock.advance(60_000);
  reports.add(9);
  expect(told.slice(1)).toEqual([
    { throttles: 3, milliseconds: 8 },
    { throttles: 1, milliseconds: 9 },
  ]);
});
