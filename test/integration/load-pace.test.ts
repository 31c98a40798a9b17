import { LatencyLog, type Pace, parseLoadOptions, Schedule } from '@ringest/bench/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadFailure, loadHere } from '../support/load-here.js';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

const steady = (rate: number): Pace => ({ from: rate, to: rate, rampMs: 0, burst: 1 });

const options = (...flags: string[]) => parseLoadOptions(['node', 'load', ...flags], {});

const anyPace: fc.Arbitrary<Pace> = fc.record({
  from: fc.double({ min: 0, max: 1e7, noNaN: true }),
  to: fc.double({ min: 1, max: 1e7, noNaN: true }),
  rampMs: fc.integer({ min: 0, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 1000 }),
});

describe('the schedule of a load', () => {
  it('has the rate that was asked for', () => {
    const schedule = new Schedule(steady(50_000));
    expect(schedule.dueAt(0)).toBe(0);
    expect(schedule.dueAt(50_000)).toBe(1000);
    expect(schedule.dueBefore(10_000)).toBe(500_000);
    expect(schedule.dueBy(1)).toBe(51);
  });

  it('rises, and goes on with the last rate', () => {
    const schedule = new Schedule({ from: 0, to: 1000, rampMs: 10_000, burst: 1 });
    expect(schedule.dueBefore(5000)).toBe(1250);
    expect(schedule.dueBefore(10_000)).toBe(5000);
    expect(schedule.dueBefore(12_000)).toBe(7000);
    expect(schedule.dueAt(1250)).toBeCloseTo(5000, 6);
    expect(schedule.dueAt(7000)).toBeCloseTo(12_000, 6);
  });

  it('has bursts that come at once', () => {
    const schedule = new Schedule({ ...steady(1000), burst: 500 });
    expect([0, 499, 500, 999].map((entry) => schedule.dueAt(entry))).toEqual([0, 0, 500, 500]);
    expect([0, 499, 500].map((ms) => schedule.dueBy(ms))).toEqual([500, 500, 1000]);
    expect(schedule.dueBefore(1000)).toBe(1000);
  });

  it('knows when each entry is due, and which are due by then', () => {
    const sequences = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(anyPace, sequences, (pace, sequence) => {
        const schedule = new Schedule(pace);
        const due = schedule.dueAt(sequence);
        // To a microsecond: rates are fractions.
        expect(schedule.dueBy(due + 1e-3)).toBeGreaterThan(sequence);
        expect(schedule.dueAt(sequence + 1)).toBeGreaterThanOrEqual(due);
        const early = schedule.dueBy(Math.max(0, due - 1e-3));
        expect(schedule.dueAt(early)).toBeGreaterThanOrEqual(due - 1e-2);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('the pace of a load', () => {
  it.each([
    [['--rate', '50000/s'], steady(50_000)],
    [['--rate', '1.5M/s', '--burst', '7'], { ...steady(1_500_000), burst: 7 }],
    [['--rate', '80Mbit/s', '--entry-size', '1000'], steady(10_000)],
    [['--rate', '10MB/s', '--entry-size', '1000'], steady(10_000)],
    [['--ramp', '10k..1M/60s'], { from: 10_000, to: 1_000_000, rampMs: 60_000, burst: 1 }],
    [
      ['--ramp', '80M..8Mbit/500ms', '--entry-size', '100'],
      { from: 100_000, to: 10_000, rampMs: 500, burst: 1 },
    ],
  ])('is what %j says', (flags, pace) => {
    expect(options(...flags).pace).toEqual(pace);
  });

  it('decides how many entries there are in a time', () => {
    expect(options('--rate', '1000/s').entryCount).toBe(10_000);
    expect(options('--rate', '1000/s', '--duration', '3s').entryCount).toBe(3000);
    expect(options('--rate', '1000/s', '--entry-count', '70').entryCount).toBe(70);
    expect(options('--ramp', '0..1k/60s').entryCount).toBe(30_000);
  });

  it.each([
    [['--rate', '0/s'], /--rate.*more than 0/],
    [['--rate', '1000'], /--rate.*such as 50000\/s/],
    [['--ramp', '1k-2k'], /--ramp.*10k\.\.1M\/60s/],
    [
      ['--rate', '1/s', '--ramp', '1..2/3s'],
      /--rate cannot be used with --ramp: a ramp is a rate that changes/,
    ],
    [['--burst', '10'], /--burst says how many entries of a --rate or a --ramp come at once/],
    [['--require', 'p99'], /--require.*such as 'p99<50ms'/],
    [['--require', 'p101<1ms', '--rate', '1/s'], /--require.*such as/],
    [['--require', 'p99<50ms'], /which at full speed is only how long the queue is: give a --rate/],
    [
      ['--cache-mode', 'journal', '--kill-every', '1s', '--rate', '10/s'],
      /--kill-every cannot be used with --rate: it spreads --entry-count entries/,
    ],
    [
      ['--cache-mode', 'journal', '--kill-every', '1s', '--require', 'rate>1/s'],
      /--kill-every cannot be used with --require: what is required holds of one/,
    ],
  ])('is refused with a sentence: %j', async (flags, message) => {
    expect(await loadFailure(...flags)).toMatch(message);
  });
});

interface Report {
  readonly entries: number;
  readonly seconds: number;
  readonly latencyMs: Readonly<Record<'mean' | 'p50' | 'max', number>>;
  readonly requirements: readonly { requirement: string; value: number; isMet: boolean }[];
}

describe('the latency of a load', () => {
  it('counts from the moment an entry was due, however late it was written', async () => {
    // All of the last second is written and confirmed now. More time may pass, not less.
    const log = new LatencyLog(new Schedule(steady(1000)), performance.now() - 1000);
    log.add(0, 1000, Promise.resolve());
    await log.settled();
    for (const { p50, p90, max } of [log.latency, log.lateness]) {
      expect(p50).toBeGreaterThan(499);
      expect(p90).toBeGreaterThan(899);
      expect(max).toBeGreaterThan(999);
      // The last ones were hardly late, compared with the first.
      expect(max - p50).toBeGreaterThan(490);
    }
  });

  it('does not count entries that were due before a moment, however late', async () => {
    // The first was due two seconds ago, and what counts was due in the last one.
    const log = new LatencyLog(new Schedule(steady(1000)), performance.now() - 2000, 1000);
    log.add(0, 400, Promise.resolve());
    expect(log.lateness.max).toBe(0);
    log.add(400, 2000, Promise.resolve());
    await log.settled();
    const { max, p50 } = log.latency;
    // Half of what counts was due in the first half of that second: 500 and more of the 1,000.
    expect(p50).toBeGreaterThan(499);
    expect(max - p50).toBeLessThan(510);
  });

  it('has all the time that an indexer stood still, for each entry that was due meanwhile', async () => {
    const indexer = await ScriptedIndexer.listen();
    const flags = ['--clear-conns', `127.0.0.1:${indexer.port}`, '--rate', '1000/s'];
    const run = new NodeProcess(LOAD, [...flags, '--entry-count', '300', '--json']);
    const connection = await indexer.hot(0);
    await connection.entries(300);
    connection.confirmThrough(300);
    expect(await run.end(), run.stderr).toBe(0);
    const { latencyMs } = run.lastJson<Report>();
    // The last was due after 299 ms; the first had waited for its confirmation all that time.
    expect(latencyMs.max).toBeGreaterThan(298);
    expect(latencyMs.p50).toBeGreaterThan(148);
  });

  it('is reported with what was required, and decides the status', async () => {
    const flags = ['--rate', '20000/s', '--duration', '100ms', '--burst', '100', '--json'];
    const held = new NodeProcess(LOAD, [
      ...flags,
      ...['--require', 'p99.99<1h', '--require', 'rate>1/s', '--require', 'rate>1bit/s'],
    ]);
    expect(await held.end(), held.stderr).toBe(0);
    const report = held.lastJson<Report>();
    expect(report.entries).toBe(2000);
    // None is written before it is due, and the last burst was after 95 ms.
    expect(report.seconds).toBeGreaterThan(0.0949);
    expect(report.requirements.map(({ requirement, isMet }) => [requirement, isMet])).toEqual([
      ['p99.99<1h', true],
      ['rate>1/s', true],
      ['rate>1bit/s', true],
    ]);
    const { mean: _mean, ...percentiles } = report.latencyMs;
    const values = Object.values(percentiles);
    expect(Object.keys(percentiles)).toEqual(['p50', 'p90', 'p99', 'p999', 'p9999', 'max']);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(held.stdout).toMatch(
      /^latency: +p50 [\d.]+ ms, p90 .*, p99\.99 [\d.]+ ms, max [\d.]+ ms$/m,
    );
    expect(held.stdout).toMatch(/^required: +p99\.99<1h: held, it was [\d.]+ ms$/m);

    const missed = new NodeProcess(LOAD, [...flags, '--require', 'rate>1G/s']);
    expect(await missed.end()).toBe(1);
    expect(missed.stdout).toMatch(/^required: +rate>1G\/s: NOT MET, it was [\d,]+ a second$/m);
    expect(missed.lastJson<Report>().requirements).toMatchObject([{ isMet: false }]);
  });

  it('is measured with a cache as well', async () => {
    const report = await loadHere<Report>(
      ...['--rate', '20000/s', '--entry-count', '1000', '--cache-mode', 'journal'],
    );
    expect(report.entries).toBe(1000);
    expect(report.latencyMs.max).toBeGreaterThan(0);
  });
});
