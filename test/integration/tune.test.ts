import {
  checkArrived,
  formatTuneReport,
  type LoadProgress,
  type LoadReport,
  parseTuneOptions,
  RoundWindow,
  type TuneReport,
} from '@ringest/bench/internal';
import { MAX_RING_BYTES, MIN_RING_BYTES } from '@ringest/workers';
import { describe, expect, it } from 'vitest';
import { NodeProcess, RINGEST, startIndexer, TUNE } from '../support/node-process.js';
import { saidAtExit } from '../support/refused-command.js';

const options = (...flags: string[]) => parseTuneOptions(['node', 'tune', ...flags], {}, 2);

describe('the flags of a tuner', () => {
  it('say what there is to choose from, the default first', () => {
    const { choices, load, goal } = options(
      ...['--ring-bytes', '4MiB,64KiB,1048576', '--connections', '2,1', '--workers', '1'],
      ...['--path', 'batch,lines', '--batch', '64'],
    );
    expect(choices).toEqual({
      workers: [1],
      connections: [2, 1],
      ringBytes: [4 * 2 ** 20, 65536, 2 ** 20],
      paths: ['batch', 'lines'],
      batches: [64],
    });
    expect(goal).toBe('throughput');
    expect(load).toMatchObject({ content: 'lines', entryBytes: 256, pace: undefined });
  });

  it('take the smallest and the largest rings of a muxer', () => {
    const { choices } = options('--ring-bytes', `${MIN_RING_BYTES},${MAX_RING_BYTES}`);
    expect(choices.ringBytes).toEqual([MIN_RING_BYTES, MAX_RING_BYTES]);
  });

  it('leave out lines where the contents are none', () => {
    expect(options('--content', 'random').choices.paths).toEqual(['entry', 'batch']);
    expect(options('--content', 'syslog').choices.paths).toEqual(['entry', 'batch', 'lines']);
  });

  it('give a load at a rate to the goal that has one', () => {
    const { load } = options('--goal', 'cost', '--rate', '1k/s', '--round', '2s');
    expect(load).toMatchObject({ pace: { from: 1000, to: 1000 }, entryCount: 2000 });
  });

  it.each([
    [
      ['--goal', 'cost'],
      /--goal cost takes a --rate: at full speed, latency is how long a queue is/,
    ],
    [['--rate', '1k/s'], /--rate cannot be used with --goal throughput: no configuration could/],
    [['--goal', 'cost', '--rate', '100/s'], /a --round has 60 entries at this --rate.* takes 400/],
    [['--goal', 'cost', '--rate', 'much'], /--rate.*must be a rate of more than 0/],
    [
      ['--clear-conns', 'a:1', '--ack-delay', '20ms'],
      /--ack-delay cannot be used with --clear-conns: it says what embedded indexers are like/,
    ],
    [
      ['--pipe-conns', 'a', '--read-rate', '1MB'],
      /--read-rate cannot be used with --pipe-conns: it says what embedded indexers are like/,
    ],
    [
      ['--tls-conns', 'a', '--indexers', '2'],
      /--indexers cannot be used with --tls-conns: it says what embedded indexers are like/,
    ],
    [
      ['--clear-conns', 'a:1', '--transport', 'tls'],
      /--transport cannot be used with --clear-conns: it says how an embedded indexer is reached/,
    ],
    [
      ['--path', 'lines', '--content', 'random'],
      /--path lines writes text .* --content random is none/,
    ],
    [['--path', 'entry', '--batch', '64'], /--batch says how many entries .* --path has no batch/],
    [['--ring-bytes', '100KB'], /--ring-bytes.*powers of two from 64KiB to 1GiB/],
    [['--ring-bytes', '3MiB'], /--ring-bytes.*powers of two from 64KiB to 1GiB/],
    [['--ring-bytes', '2GiB'], /--ring-bytes.*powers of two from 64KiB to 1GiB/],
    [['--ring-bytes', '32KiB'], /--ring-bytes.*powers of two from 64KiB to 1GiB/],
    [['--path', 'packed'], /--path.*must be of entry, batch, lines/],
    [['--tag-name', 'a,b'], /--tag-name takes one tag/],
    [['--entry-size', '5'], /--entry-size must be 10 or more with --content lines/],
  ])('are refused with a sentence: %j', async (flags, message) => {
    expect(await saidAtExit(() => options(...flags))).toMatch(message);
  });
});

describe('what is measured of a round', () => {
  const report = { entriesPerSecond: 7, entries: 1000, cpuSeconds: 3 } as LoadReport;
  const progress = (elapsedMs: number, confirmedEntries: number) =>
    ({ elapsedMs, stats: { confirmedEntries } }) as LoadProgress;

  it('is the part after its beginning', async () => {
    const window = new RoundWindow(1, 1_000_000);
    let now = progress(10, 50);
    let looks = 0;
    window.started(() => {
      looks++;
      return now;
    });
    await expect.poll(() => looks).toBe(1);
    now = progress(510, 1050);
    window.ended();
    const { entriesPerSecond, processorSecondsPerMillion } = window.figures(report);
    expect(entriesPerSecond).toBe(2000);
    expect(processorSecondsPerMillion).toBeGreaterThan(0);
  });

  it.each([
    ['it ended before', 1_000_000, 500],
    ['nothing was confirmed after it', 1, 0],
  ])('is all of it where %s', async (_what, warmUpMs, confirmed) => {
    const window = new RoundWindow(warmUpMs, 1_000_000);
    let looks = 0;
    window.started(() => progress(++looks, confirmed));
    if (warmUpMs === 1) await expect.poll(() => looks).toBe(1);
    window.ended();
    expect(window.figures(report)).toEqual({
      ...{ entriesPerSecond: 7, processorSecondsPerMillion: 3000 },
    });
  });
});

describe('the account of a round', () => {
  const whole = { entries: 10, resent: 0, received: 10, duplicated: 0, foreign: 0 };

  it('is whole when all of it arrived, once if nothing was sent again', () => {
    expect(() => checkArrived(whole)).not.toThrow();
    expect(() => checkArrived({ ...whole, resent: 3, received: 12, duplicated: 1 })).not.toThrow();
  });

  it.each([
    ['something is missing', { received: 9 }],
    ['as much arrived twice as is missing', { received: 10, duplicated: 1 }],
    ['something arrived twice that was sent once', { received: 11, duplicated: 1 }],
    ['something arrived at two indexers that was sent once', { received: 11 }],
    ['something arrived that was not written', { received: 11, foreign: 1 }],
  ])('is not whole when %s', (_what, part) => {
    expect(() => checkArrived({ ...whole, ...part })).toThrow(/^a round was not whole, so that/);
  });
});

describe('the tuner', () => {
  it('knows that an indexer which is far away needs more than a small ring', async () => {
    // In 20 ms, one ring has room for 60 times as much as the other.
    const run = new NodeProcess(RINGEST, [
      'tune',
      ...[
        '--ack-delay',
        '20ms',
        '--ring-bytes',
        '4MiB,64KiB',
        '--connections',
        '1',
        '--workers',
        '1',
      ],
      ...[
        '--path',
        'lines',
        '--round',
        '150ms',
        '--budget',
        '1s',
        '--timeout',
        '50s',
        '--seed',
        '4',
        '--json',
      ],
      ...['--ingest-tenant', "the tenant's", '--tag-name', 'load-test'],
    ]);
    expect(await run.end(), run.stderr).toBe(0);
    const report = run.lastJson<TuneReport>();
    expect(report).toMatchObject({
      ...{ kind: 'tune', seed: 4, goal: 'throughput', rate: null, isEmbedded: true, spaceSize: 2 },
      recommended: 'lines, ring 4 MiB, connections 1, workers 1',
      sure: { isBetter: false, confidence: 0.95 },
      muxer: { connectionsPerTarget: 1, workers: 1, ringBytes: 4 * 2 ** 20 },
    });
    const ratios = new Map(
      report.candidates.map((one) => [one.configuration.ringBytes, one.ratioToDefault]),
    );
    expect(ratios.get(4 * 2 ** 20)).toBe(1);
    expect(ratios.get(65536)).toBeLessThan(1);
    expect(report.candidates.map(({ rounds }) => rounds)).toEqual([6, 6]);
    expect(report.rounds).toHaveLength(12);
    for (const { entriesPerSecond, processorSecondsPerMillion, p99Ms } of report.rounds) {
      expect(Math.min(entriesPerSecond, processorSecondsPerMillion, p99Ms)).toBeGreaterThan(0);
    }
    expect(run.stderr).toMatch(/^tune: all 2 configurations in 1 rung, up to \d+ rounds of /m);
    expect(run.stdout).toMatch(/^Keep the default: lines, ring 4 MiB, connections 1, workers 1$/m);
    expect(run.stdout).toContain('\n  ringBytes: 4194304,\n');
    expect(run.stdout).toMatch(
      /^npx ringest load --ingest-tenant 'the tenant'\\''s' --connections 1 --workers 1 --ring-bytes 4194304 --lines .* --tag-name load-test$/m,
    );
    expect(formatTuneReport(report)).toMatch(/^npx pnpm load .*--connections 1 --workers 1 /m);
  }, 180_000);

  it('names the configuration whose round failed', async () => {
    const { address } = await startIndexer('--listen', '127.0.0.1:0');
    const run = new NodeProcess(TUNE, ['--clear-conns', address, '--ingest-secret', 'another']);
    expect(await run.end()).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(
      /^tune: entry, ring 16 MiB, connections 1, workers 1: .*secret.*\n$/,
    );
  });

  it('ends with the status of an interrupt', async () => {
    const run = new NodeProcess(TUNE, ['--budget', '1h']);
    await run.says('stderr', /rounds of/);
    expect(await run.end('SIGINT'), run.stderr).toBe(130);
    expect(run.stderr).toMatch(/^tune: interrupted$/m);
    expect(run.stdout).toBe('');
  });

  it('has nothing to do with one configuration', async () => {
    const one = ['--ring-bytes', '64KiB', '--connections', '1', '--path', 'entry'];
    const run = new NodeProcess(TUNE, one);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toMatch(/^tune: there is only one configuration, "entry, ring 64 KiB, /);
  });
});
