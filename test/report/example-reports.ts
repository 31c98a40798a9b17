import { runFleetCase } from '@ringest/bench/internal';
import type { BenchResults, GuardReport, SoakOutcome, TuneReport } from '@ringest/bench/report';

const policies = (value: number) => ({
  expectedTime: value,
  roundRobin: value * 2,
  leastOutstanding: value * 3,
});
const time = { user: 60, system: 20 };
const run = { entriesPerSecond: 3e6, cpuSecondsPerMillion: 0.35, wireShare: 1.18 };

/** A result of each benchmark. */
export const BENCH_RESULTS: BenchResults = {
  ceiling: {
    sizes: [
      { size: 64, ceiling: 12e6, writeEntry: 7e6, writeBatch: 6.9e6, lines: 8e6, packed: 8.8e6 },
      { size: 256, ceiling: 7e6, writeEntry: 3.2e6, writeBatch: 3e6, lines: 3.7e6, packed: 3.6e6 },
    ],
  },
  threads: {
    sizes: [
      {
        size: 64,
        paths: [{ name: 'lines', entriesPerSecond: 8e6, main: time, workers: time, others: time }],
      },
    ],
  },
  producers: {
    rows: [0, 1, 2].map((count) => ({
      size: 256,
      write: 'lines',
      count,
      entriesPerSecond: 3e6,
      producers: count * 40,
      main: 90,
      laneWorker: 120,
      entriesPerSecondWithCores: 11e6,
    })),
  },
  rings: {
    rows: [
      {
        size: 64,
        batch: 1,
        rings: [2 ** 24, 2 ** 16].map((ringBytes) => ({
          ringBytes,
          entriesPerSecond: 5e6,
          ratioToLargest: 1,
        })),
      },
    ],
  },
  scaling: {
    rows: (['entries', 'size', 'lanes', 'indexers'] as const).map((by) => ({
      ...{ by, at: 1, main: 80, workers: 120, others: 1, entriesPerSecond: 3e6 },
    })),
  },
  streams: { sizes: [{ size: 64, ways: [{ name: 'pipeline', ratio: 0.6, ...run }] }] },
  http: { rows: [{ name: 'HTTP, one line a request', ...run }] },
  compression: {
    rows: [{ content: 'json', size: 256, plain: run, snappy: { ...run, wireShare: 0.36 } }],
  },
  relay: {
    sizes: [
      {
        size: 256,
        ways: (['direct', 'through a relay'] as const).map((name) => ({
          ...{ name, entriesPerSecond: 2e6, ratioToDirect: 1 },
          ...{ ingester: 200, relay: 300, indexer: 150 },
        })),
      },
    ],
  },
  queues: {
    rows: [1, 3].map((takers) => ({
      ...{ takers, publishedPerSecond: 6e4, takenPerSecond: 5e4 },
      ...{ publisher: 9000, storing: 6000, delivering: 5000, taker: 8000, indexer: 900 },
    })),
  },
  transports: { sizes: [{ size: 256, ways: [{ name: 'tcp', ratioToTcp: 1, ...run }] }] },
  cache: {
    sizes: [
      {
        size: 256,
        ways: ['no cache', 'journal'].map((name) => ({
          name,
          ratioToNoCache: 1,
          cpuRatioToNoCache: 1,
          ...run,
        })),
        disk: { megabytesPerSecond: 400, entriesPerSecond: 1.3e6, cpuSecondsPerMillion: 0.4 },
        directDisk: { megabytesPerSecond: 1200, entriesPerSecond: 4e6, cpuSecondsPerMillion: 0.1 },
      },
    ],
  },
  times: {
    rows: [
      { lines: 'syslog', options: {}, found: 1, nanosecondsPerLine: 120, bytesPerLine: 0 },
      {
        lines: 'syslog',
        options: { leftMost: true },
        found: 1,
        nanosecondsPerLine: 240,
        bytesPerLine: 0,
      },
    ],
  },
  balance: {
    equal: { maxShareDeviation: policies(0.01) },
    oneSlow: { ratioToHealthyAlone: policies(0.9) },
    jump: { secondsToShift: { ...policies(0.05), roundRobin: Number.POSITIVE_INFINITY } },
    far: { entriesPerSecond: policies(500_000) },
  },
  simulation: {
    seed: 1,
    rows: (['expectedTime', 'roundRobin', 'leastOutstanding'] as const).map((policy) => ({
      ...{ indexers: 10, policy, leastShare: 0.7, greatestShare: 1.2 },
      ...{ meanMs: 15, p99Ms: 67, pickNs: 440 },
    })),
  },
  fleet: { seed: 1, rows: [runFleetCase('restart', { ingesters: 4, indexers: 2 }, 1)] },
};

/** A report of a guard that found something of each kind. */
export const GUARD_REPORT: GuardReport = {
  kind: 'guard',
  against: { hash: 'ab'.repeat(20), subject: 'Something else', why: 'it was named' },
  isDirty: true,
  rounds: 14,
  leastRounds: 6,
  noise: 0.05,
  confidence: 0.95,
  rows: (['slower', 'same', 'faster'] as const).map((change, i) => ({
    ...{ name: `${i}`, change, here: 3e6, there: 3e6, ratio: 0.9 + i / 10 },
    low: 0.85 + i / 10,
    high: 0.95 + i / 10,
  })),
  onlyHere: ['64 bytes, packed'],
  onlyThere: [],
};

/** A report of the tuner, whose best candidate has a name. */
export function tuneReport(best = 'lines-2'): TuneReport {
  const names = [best, 'default', 'batch-64', 'entry'];
  const rate = (i: number, round: number) => 2e6 - i * 2e5 + round * 3e4;
  return {
    kind: 'tune',
    startedAt: '2026-11-28T12:00:00.000Z',
    seed: 1,
    goal: 'throughput',
    rate: null,
    unit: 'entries/s',
    machine: {
      processors: 2,
      model: 'a processor',
      memoryBytes: 2 ** 34,
      platform: 'linux',
      node: 'v20.20.2',
    },
    targets: ['tcp://127.0.0.1:4023'],
    isEmbedded: true,
    entryBytes: 256,
    content: 'lines',
    spaceSize: 48,
    elapsedMs: 61_000,
    rounds: names.flatMap((candidate, i) =>
      [0, 1, 2].map((round) => ({
        ...{ candidate, rung: 0, round, entriesPerSecond: rate(i, round) },
        processorSecondsPerMillion: 0.4,
        p99Ms: 20,
      })),
    ),
    candidates: names.map((name, i) => ({
      name,
      isDefault: name === 'default',
      configuration: {
        workers: 1,
        connections: i + 1,
        ringBytes: 2 ** 24,
        path: 'batch',
        batch: 64,
      },
      rounds: 3,
      median: rate(i, 1),
      low: rate(i, 0),
      high: rate(i, 2),
      entriesPerSecond: rate(i, 1),
      processorSecondsPerMillion: 0.4,
      p99Ms: 20,
      ratioToDefault: 1.1 - i * 0.1,
      ratioLow: i === 3 ? null : 1.05 - i * 0.1,
      ratioHigh: i === 3 ? null : 1.15 - i * 0.1,
      rung: i === 3 ? 0 : 1,
    })),
    recommended: best,
    muxer: { connectionsPerTarget: 2, workers: 1, ringBytes: 2 ** 24 },
    loadFlags: ['--connections', '2'],
    sure: { isBetter: true, confidence: 0.95, text: 'better than the default beyond noise' },
  };
}

/** What came of a soak in which everything went wrong. */
export function soakOutcome(): SoakOutcome {
  const counts = { written: 90, confirmed: 80, resent: 20, reconnects: 3, hot: 3, cached: 0 };
  const samples = Array.from({ length: 70 }, (_, i) => ({
    ...{ seconds: i * 10, name: 'tcp', pid: i < 30 ? 17 : 18 },
    ...{ rssBytes: (100 + i) * 2 ** 20, descriptors: 30 + i, threads: 12 },
    self: { heapBytes: 2 ** 24, delayMs: { p50: 0, p99: i % 50, max: i % 90 } },
    ...{ counts, latencyMs: { p50: 5, p99: 80 + i, max: 900 } },
  }));
  return {
    ...{ seed: 7, rate: 1000, hours: 10, faultSeconds: 680, isInterrupted: true },
    ...{ seconds: 700, foreign: 1, failures: ['tcp: it ended early'], leftOut: ['the part queue'] },
    lastLines: [{ name: 'tcp', lines: ['hot: <a>', 'lost'] }],
    parts: [
      {
        ...{ name: 'tcp', description: 'a muxer by TCP', counts, mayRepeat: 20 },
        ...{ connectedAfter: undefined, silence: { from: 31, to: 43 } },
        ...{ sent: 90, arrived: 80, lost: 10, duplicates: 21, altered: 1, unsent: 2 },
        examples: ['0:7'],
      },
    ],
    indexers: ['indexer 1'],
    others: [],
    growth: (['memory', 'descriptors', 'threads'] as const).map((metric) => ({
      ...{ name: 'tcp', metric, seconds: 350, before: 40, perHour: 3600, verdict: 'leak' },
    })),
    samples,
    totals: samples.map(({ seconds }) => ({ seconds, arrived: seconds * 9, duplicates: seconds })),
    faults: Array.from({ length: 400 }, (_, i) => ({
      ...{ seconds: i * 1.5, forSeconds: 1 },
      place: (['tcp', 'indexer 1', 'all indexers'] as const)[i % 3] ?? 'tcp',
      fault: (['kill', 'slow', 'outage'] as const)[i % 3] ?? 'kill',
      struck: [{ name: i % 3 === 0 ? 'tcp' : 'indexer 1', isKilled: i % 3 !== 1 }],
    })),
  };
}
