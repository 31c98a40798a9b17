import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  Account,
  ALL_INDEXERS,
  ArrivalWriter,
  finishAll,
  judgeGrowth,
  longestSilence,
  mergeSelf,
  type Place,
  planSoakFaults,
  problemsOf,
  readArrived,
  recoveries,
  SoakEntries,
  type SoakOutcome,
  StreamArrivals,
  sourceOf,
  tagOf,
  untilConnected,
  verdictOf,
} from '@ringest/bench/internal';
import { Source } from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewFrames } from '../support/load-frames.js';
import { Random } from '../support/random.js';
import { soak } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SECONDS = 1_795_000_000;
const INDEXERS = ['indexer 1', 'indexer 2', 'indexer 3'];

const PLACES: readonly Place[] = [
  { name: 'indexer 1', faults: ['stop', 'slow', 'refuse'], isNeeded: true },
  { name: 'indexer 2', faults: ['kill', 'stop', 'slow', 'refuse'], isNeeded: true },
  { name: 'indexer 3', faults: ['kill', 'stop', 'slow', 'refuse'], isNeeded: true },
  { name: 'journal', faults: ['kill', 'fill'], isNeeded: false },
  { name: 'follow', faults: ['kill', 'rotate'], isNeeded: false },
];

describe('the plan of the faults of a soak', () => {
  const first = (count: number, seed: number, places = PLACES) => {
    const plan = planSoakFaults(seed, places, [500, 1500]);
    return Array.from({ length: count }, () => plan.next().value);
  };

  it('follows from its seed', () => {
    expect(first(80, 7)).toEqual(first(80, 7));
    expect(first(80, 7)).not.toEqual(first(80, 8));
  });

  it('has every kind equally often, and each only where it can be', () => {
    for (const seed of [1, 2, 3]) {
      const faults = first(70, seed);
      const kinds = ['fill', 'kill', 'outage', 'refuse', 'rotate', 'slow', 'stop'];
      for (let i = 0; i < faults.length; i += kinds.length) {
        expect(
          faults
            .slice(i, i + kinds.length)
            .map(({ fault }) => fault)
            .toSorted(),
        ).toEqual(kinds);
      }
      for (const { place, fault } of faults) {
        const able = PLACES.filter(({ faults: its }) => its.includes(fault));
        const names = fault === 'outage' ? [ALL_INDEXERS] : able.map(({ name }) => name);
        expect(names).toContain(place);
      }
    }
  });

  it('lets no place have two faults at a time, and leaves one indexer alone but in outages', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const faults = first(60, seed);
        const struck = (place: string) => (place === ALL_INDEXERS ? INDEXERS : [place]);
        for (const [i, { atMs, place, fault }] of faults.entries()) {
          expect(atMs).toBeGreaterThanOrEqual(faults[i - 1]?.atMs ?? 0);
          const others = faults.slice(0, i).filter((other) => other.atMs + other.forMs > atMs);
          const harmed = others.flatMap((other) => struck(other.place));
          for (const name of struck(place)) expect(harmed).not.toContain(name);
          if (fault === 'outage' || !INDEXERS.includes(place)) continue;
          expect(harmed.filter((name) => INDEXERS.includes(name)).length).toBeLessThan(2);
          if (fault === 'refuse') expect(others.map((one) => one.fault)).not.toContain('refuse');
        }
      }),
      { numRuns: 40, seed: soak.seed },
    );
  });
});

describe('an entry of a soak', () => {
  const entries = new SoakEntries(5, 9, SECONDS);
  const made = (number: number, data = entries.data(number)) => ({
    ...{ timestamp: entries.time(number), tag: 0, enumeratedValues: undefined, data },
    source: Source.parse(sourceOf(5)),
  });
  const read = (entry: ReturnType<typeof made>, tag = tagOf(5)) => {
    let arrived: ReturnType<typeof readArrived>;
    viewFrames([entry], (view) => {
      arrived = readArrived(view, tag, SECONDS);
    });
    return arrived;
  };

  it('says itself which one it is', () => {
    for (const number of [0, 1, 999_999, 1_000_000, 4_294_967_295]) {
      expect(read(made(number))).toEqual({ stream: 5, number, isIntact: true });
    }
    const data = entries.data(3, '<14>1 ');
    expect(data.toString()).toMatch(/^<14>1 20\d\d-\d\d-\d\dT[\d:]{8}\.000003Z /);
    expect(read(made(3, data))).toEqual({ stream: 5, number: 3, isIntact: true });
  });

  it('is altered when a byte, its tag, its source or its time is another one', () => {
    const flipped = Buffer.from(entries.data(8));
    flipped.writeUInt8(flipped.readUInt8(40) ^ 1, 40);
    const altered = { stream: 5, number: 8, isIntact: false };
    expect(read(made(8, flipped))).toEqual(altered);
    expect(read(made(8, entries.data(8).subarray(1)))).toEqual(altered);
    expect(read(made(8), tagOf(6))).toEqual(altered);
    expect(read({ ...made(8), source: Source.parse(sourceOf(6)) })).toEqual(altered);
    expect(read({ ...made(8), timestamp: entries.time(9) })).toEqual(altered);
  });

  it('is none without its trailer', () => {
    expect(read(made(8, Buffer.from('hello')))).toBeUndefined();
    expect(read(made(8, Buffer.concat([entries.data(8), Buffer.from('.')])))).toBeUndefined();
  });
});

describe('the account of a soak', () => {
  it('counts what arrives as a set does, in any order', () => {
    const random = new Random(3);
    const arrivals = new StreamArrivals();
    const model = new Set<number>();
    let duplicates = 0;
    // Two whole blocks of numbers, some of a third, and one far away.
    const numbers = Array.from({ length: 150_000 }, (_, i) => i);
    for (let i = numbers.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [numbers[i], numbers[other]] = [numbers[other] as number, numbers[i] as number];
    }
    const some = numbers.filter((number) => number !== 140_000 && number !== 149_999);
    for (const number of [...some, ...some.slice(0, 500), 4_294_967_295]) {
      if (model.has(number)) duplicates++;
      model.add(number);
      arrivals.add(number);
    }
    expect(arrivals.distinct).toBe(model.size);
    expect(arrivals.duplicates).toBe(duplicates);
    expect(arrivals.complete).toBe(140_000);
    expect(arrivals.missing(150_000, 10)).toEqual([140_000, 149_999]);
    expect(arrivals.countFrom(149_998)).toBe(2);
  });

  it('finds what is lost, altered, foreign and never sent, in files of processes that were killed', () => {
    const folder = temporaryDirectory();
    const account = new Account(folder, INDEXERS);
    const writer = (name: string) => new ArrivalWriter(folder, name);
    const arrive = (log: ArrivalWriter, from: number, to: number) => {
      for (let number = from; number < to; number++) log.add({ stream: 1, number, isIntact: true });
      log.flush();
    };
    const one = writer('indexer 1');
    arrive(one, 0, 1000);
    account.read();
    arrive(one, 1000, 3000);
    // What was not flushed was not confirmed, and half a record is none.
    one.add({ stream: 1, number: 5000, isIntact: true });
    const [name = ''] = readdirSync(folder);
    appendFileSync(join(folder, name), Buffer.alloc(5));
    const again = writer('indexer 1');
    arrive(again, 2999, 3500);
    arrive(writer('indexer 2'), 3501, 4001);
    again.add({ stream: 1, number: 17, isIntact: false });
    again.add(undefined);
    again.flush();
    account.read();
    account.read();
    expect(account.settle([{ stream: 1, sent: 4000 }])).toEqual({
      ...{ sent: 4000, arrived: 3999, lost: 1, duplicates: 1, altered: 1, unsent: 1 },
      examples: ['1:3500', '1:17'],
    });
    expect(account.foreign([1])).toBe(1);
    // What arrives in a stream that nobody has sent is foreign, whatever it is.
    again.add({ stream: 9, number: 4, isIntact: false });
    again.add({ stream: 8, number: 4, isIntact: true });
    again.add({ stream: 8, number: 4, isIntact: true });
    again.flush();
    account.read();
    expect(account.foreign([1, 2])).toBe(4);
    expect(account.foreign([1, 8])).toBe(2);
    expect(account.settle([{ stream: 2, sent: 7 }])).toMatchObject({ arrived: 0, lost: 7 });
    // Of those that are read, only the last one of each indexer is left.
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('has its files follow one another before they get large', () => {
    const folder = temporaryDirectory();
    const account = new Account(folder, INDEXERS);
    const log = new ArrivalWriter(folder, 'indexer 1');
    const count = 2_500_000;
    for (let number = 0; number < count; number++) {
      log.add({ stream: 0, number, isIntact: true });
    }
    log.flush();
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    account.read();
    expect(account.counts([0])).toEqual({ arrived: count, duplicates: 0 });
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe('what a soak says of growth', () => {
  const MIB = 2 ** 20;
  /** Samples of one process each ten seconds. */
  const samples = (
    seconds: number,
    memoryAt: (seconds: number) => number,
    more: { descriptorsAt?: (seconds: number) => number; pidAt?: (seconds: number) => number } = {},
  ) =>
    Array.from({ length: seconds / 10 }, (_, i) => ({
      seconds: i * 10,
      name: 'tcp',
      pid: more.pidAt?.(i * 10) ?? 1,
      rssBytes: memoryAt(i * 10),
      descriptors: more.descriptorsAt?.(i * 10) ?? 40,
      threads: 10,
    }));
  const verdicts = (...of: Parameters<typeof samples>) =>
    judgeGrowth(samples(...of)).map(({ metric, verdict }) => `${metric} ${verdict}`);
  const steady = ['memory steady', 'descriptors steady', 'threads steady'];

  it('finds memory that grows all the time, and tells by how much', () => {
    const growth = judgeGrowth(samples(7200, (at) => (100 + at / 36) * MIB));
    expect(growth.map(({ verdict }) => verdict)).toEqual(['leak', 'steady', 'steady']);
    expect((growth[0]?.perHour ?? 0) / MIB).toBeCloseTo(100, 5);
  });

  it('finds descriptors that are never closed', () => {
    const descriptorsAt = (at: number) => 40 + Math.floor(at / 60);
    expect(verdicts(7200, () => 100 * MIB, { descriptorsAt })).toContain('descriptors leak');
  });

  it('takes a saw of garbage, a warm start and single peaks for none', () => {
    expect(verdicts(7200, (at) => (100 + (at % 600) / 6) * MIB)).toEqual(steady);
    expect(verdicts(7200, (at) => Math.min(50 + at / 10, 300) * MIB)).toEqual(steady);
    expect(verdicts(7200, (at) => (at % 1000 === 0 ? 900 : 100) * MIB)).toEqual(steady);
  });

  it('does not take a little growth for a leak', () => {
    expect(verdicts(7200, (at) => (400 + at / 200) * MIB)).toEqual(steady);
  });

  it('judges the longest life only, and none that is short', () => {
    // Each life is larger than the one before it.
    const pidAt = (at: number) => (at < 5000 ? 1 : at < 5200 ? 2 : 3);
    expect(verdicts(7200, (at) => 100 * MIB * pidAt(at), { pidAt })).toEqual(steady);
    const short = ['memory short', 'descriptors short', 'threads short'];
    expect(verdicts(900, (at) => at * MIB)).toEqual(short);
    expect(verdicts(7200, (at) => at * MIB, { pidAt: (at) => at / 200 })).toEqual(short);
  });
});

it('the longest silence of a part is the time in which what waited was not confirmed', () => {
  const at = (seconds: number, written: number, confirmed: number) => ({
    ...{ seconds, name: 'tcp', pid: 1, rssBytes: 1, descriptors: 1, threads: 1 },
    counts: { written, confirmed, resent: 0, reconnects: 0, hot: 3, cached: 0 },
  });
  const idle = [at(0, 0, 0), at(50, 0, 0)];
  const silent = [at(60, 10, 0), at(65, 20, 15), at(75, 30, 15), at(90, 30, 15), at(91, 30, 30)];
  expect(longestSilence([...idle, ...silent, at(200, 30, 30)])).toEqual({ from: 65, to: 91 });
  expect(longestSilence([])).toEqual({ from: 0, to: 0 });
});

describe('the verdict of a soak', () => {
  const part = {
    ...{ name: 'tcp', description: 'a muxer', sent: 10, arrived: 10, lost: 0, duplicates: 2 },
    ...{ altered: 0, unsent: 0, mayRepeat: 2, examples: [] as string[] },
    ...{ connectedAfter: 1, silence: { from: 0, to: 0 } },
    counts: { written: 10, confirmed: 10, resent: 2, reconnects: 1, hot: 3, cached: 0 },
  };
  const outcome: SoakOutcome = {
    ...{ rate: 100, hours: 24, faultSeconds: 3600, isInterrupted: false },
    ...{ leftOut: [], lastLines: [] },
    ...{ seed: 1, seconds: 10, parts: [part], indexers: INDEXERS, others: [], foreign: 0 },
    ...{ growth: [], failures: [], samples: [], totals: [], faults: [] },
  };
  const wrong = (change: Partial<typeof part>) =>
    problemsOf({ ...outcome, parts: [part, { ...part, ...change }] });

  it('is good where all arrived, and no more twice than was counted', () => {
    expect(problemsOf(outcome)).toEqual([]);
  });

  it.each([
    [{ lost: 3, examples: ['0:7'] }, 'tcp: 3 entries were lost, such as 0:7 (stream:number)'],
    [{ altered: 1, examples: ['0:4'] }, 'tcp: 1 entries were altered, such as 0:4 (stream:number)'],
    [{ unsent: 1 }, 'tcp: 1 entries arrived that were never sent'],
    [{ duplicates: 3 }, 'tcp: 3 entries arrived twice, and only 2 were counted'],
  ])('is bad with %o', (change, problem) => {
    expect(wrong(change)).toEqual([problem]);
  });

  it('says of a run that somebody ended how much of it there was', () => {
    const stopped = { ...outcome, isInterrupted: true };
    expect(verdictOf(stopped)).toMatch(/^It was stopped after 1\.0 of 24 hours\. Nothing was lost/);
    expect(verdictOf({ ...stopped, failures: ['tls: it died'] })).toBe(
      'It was stopped after 1.0 of 24 hours; tls: it died',
    );
    expect(verdictOf(outcome)).not.toContain('stopped');
  });

  it('is bad with foreign entries, leaks, and whatever failed', () => {
    const leak = { name: 'tcp', metric: 'memory', seconds: 900, before: 1, perHour: 9 } as const;
    expect(
      problemsOf({
        ...outcome,
        failures: ['tls: it ended early'],
        foreign: 2,
        growth: [
          { ...leak, verdict: 'leak' },
          { ...leak, verdict: 'steady' },
        ],
      }),
    ).toEqual([
      'tls: it ended early',
      '2 entries arrived that are none of the soak',
      'tcp: its memory grows',
    ]);
  });
});

it('two reports of a process between two looks are one, with the worst delays of both', () => {
  const report = (heapBytes: number, p50: number, p99: number, max: number) => ({
    heapBytes,
    delayMs: { p50, p99, max },
  });
  expect(mergeSelf(undefined, report(5, 1, 2, 3))).toEqual(report(5, 1, 2, 3));
  expect(mergeSelf(report(9, 1, 8, 900), report(5, 2, 3, 4))).toEqual(report(5, 2, 8, 900));
});

describe('the recovery of a part from a fault', () => {
  const samples = (name: string, confirmed: readonly number[]) =>
    confirmed.map((one, i) => ({
      ...{ seconds: i, name, pid: 1, rssBytes: 1, descriptors: 1, threads: 1 },
      counts: { written: i * 10, confirmed: one, resent: 0, reconnects: 0, hot: 3, cached: 0 },
    }));
  const part = (name: string) => ({
    ...{ name, description: name, sent: 60, arrived: 60, lost: 0, duplicates: 0, altered: 0 },
    ...{ unsent: 0, examples: [], mayRepeat: 0, connectedAfter: 0, silence: { from: 0, to: 0 } },
    counts: { written: 60, confirmed: 60, resent: 0, reconnects: 0, hot: 3, cached: 0 },
  });
  const fault = (place: string, kind: 'kill' | 'stop', seconds: number) => ({
    ...{ place, fault: kind, seconds, forSeconds: 1 },
    struck: [{ name: place, isKilled: kind === 'kill' }],
  });

  it('lasts from its end until all that was written by then is confirmed', () => {
    const recorded = {
      parts: [part('tcp'), part('tls')],
      indexers: INDEXERS,
      samples: [
        // What is written by the third second is confirmed in the fifth.
        ...samples('tcp', [0, 10, 10, 10, 20, 50, 60]),
        ...samples('tls', [0, 10, 20, 30, 40, 50, 60]),
      ],
    };
    expect(
      recoveries({ ...recorded, faults: [fault('indexer 2', 'kill', 2), fault('tls', 'stop', 2)] }),
    ).toEqual([
      { fault: 'kill', count: 2, median: 1, worst: 2, part: 'tcp', endedAt: 3 },
      { fault: 'stop', count: 1, median: 0, worst: 0, part: 'tls', endedAt: 3 },
    ]);
    // The record ends before.
    expect(recoveries({ ...recorded, faults: [fault('indexer 2', 'kill', 9)] })).toEqual([]);
  });
});

describe('the end of a soak', () => {
  const { signal } = new AbortController();
  const part = (name: string, hot: () => number) => ({
    ...{ name, connections: 3 },
    get counts() {
      return { written: 9, confirmed: 9, resent: 0, reconnects: 0, hot: hot(), cached: 0 };
    },
  });

  it('waits until all connections are there, and stay', async () => {
    let looks = 0;
    // The third one comes late, and is lost again once.
    const hot = () => [2, 3, 2, 2][looks++] ?? 3;
    const limits = { steadyMs: 100, withinMs: 45_000 };
    const connected = await untilConnected(
      [part('tcp', () => 3), part('tls', hot)],
      limits,
      signal,
    );
    expect([...connected.keys()].toSorted()).toEqual(['tcp', 'tls']);
    expect(looks).toBeGreaterThan(5);
  });

  it('tells which part lacks a connection', async () => {
    const limits = { steadyMs: 0, withinMs: 200 };
    const parts = [part('tcp', () => 3), part('tls', () => 2)];
    expect([...(await untilConnected(parts, limits, signal)).keys()]).toEqual(['tcp']);
  });

  it('waits for no part that never ends, and tells which one that is', async () => {
    const failures: string[] = [];
    await finishAll(
      [
        { name: 'tcp', finish: () => Promise.resolve() },
        { name: 'tls', finish: () => Promise.reject(new Error('it has entries left')) },
        { name: 'syslog', finish: () => new Promise(() => {}) },
      ],
      100,
      (name, problem) => failures.push(`${name}: ${problem}`),
    );
    expect(failures).toEqual([
      'tls: it did not end in order: it has entries left',
      'syslog: it did not end in order: it took more than 100 ms',
    ]);
  });
});
