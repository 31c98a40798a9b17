import type { IngesterState } from '@ringest/codec';
import { StateReporter } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../../support/test-clock.js';
import { turn } from '../../support/waiting.js';

type Subject = ConstructorParameters<typeof StateReporter>[0];

const MINUTE = 60_000;

/** A reporter of a muxer with a hot lane and a cold one, and when the hot one was told. */
function reporting() {
  const clock = new TestClock();
  const told: [lane: string, seconds: number][] = [];
  const amounts = { entries: 0, ingested: 0, cached: 0 };
  const lane = (name: string, isHot: boolean) => ({
    isHot,
    sendState: () => told.push([name, clock.now() / 1000]),
  });
  const lanes = [lane('hot', true), lane('cold', false)];
  const subject = {
    identity: {},
    label: () => '',
    lanes,
    log: {
      get ingested() {
        return amounts.ingested;
      },
    },
    tags: () => ['test'],
    flow: () => ({ entries: amounts.entries, bytes: 0 }),
    cache: () => ({ state: '', size: amounts.cached }),
  } as unknown as Subject;
  const reporter = new StateReporter(subject, clock);
  const state = () => reporter.state(lanes[0] as never) as IngesterState;
  return { clock, told, amounts, reporter, state };
}

describe('the ingester state', () => {
  it('is told after half a minute in which entries flowed, to lanes that are hot', () => {
    const { clock, told, amounts, reporter } = reporting();
    reporter.start();
    amounts.entries = 1;
    clock.advance(29_999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([['hot', 30]]);
    clock.advance(MINUTE);
    expect(told).toHaveLength(1);
    amounts.cached = 100;
    clock.advance(MINUTE);
    expect(told).toEqual([
      ['hot', 30],
      ['hot', 120],
    ]);
  });

  it('is told every five minutes in any case, counted from the last time', () => {
    const { clock, told, amounts, reporter } = reporting();
    reporter.start();
    clock.advance(11 * MINUTE);
    amounts.entries = 1;
    clock.advance(MINUTE);
    clock.advance(5 * MINUTE);
    expect(told.map(([, seconds]) => seconds / 60)).toEqual([5, 10, 11.5, 16.5]);
  });

  it('is not told more often for entries of the own log', () => {
    const { clock, told, amounts, reporter } = reporting();
    reporter.start();
    for (let i = 1; i <= 4; i++) {
      amounts.entries = i;
      amounts.ingested = i;
      clock.advance(MINUTE);
    }
    expect(told).toEqual([]);
  });

  it('says how long the muxer has been there, in nanoseconds', () => {
    const { clock, state } = reporting();
    clock.advance(1500.25);
    expect(state().uptime).toBe(1_500_250_000);
  });

  it('is told when something changes, once for all changes of a turn, from the start on', async () => {
    const { told, reporter } = reporting();
    reporter.setMetadata(1);
    await turn();
    expect(told).toEqual([]);
    reporter.start();
    reporter.setMetadata(2);
    reporter.registerChild('child', {});
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual([['hot', 0]]);
  });

  it('is not told any more once the reporter is stopped', async () => {
    const { clock, told, amounts, reporter } = reporting();
    reporter.start();
    reporter.stop();
    expect(clock.timers).toBe(0);
    amounts.entries = 1;
    clock.advance(10 * MINUTE);
    reporter.setMetadata(1);
    reporter.changed();
    await turn();
    expect(told).toEqual([]);
  });
});
