import { appendFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ArrivalLog, FAULTS, planFaults, readArrivalLog } from '@ringest/bench/internal';
import { Arrivals, EntrySource, type LoadEntry } from '@ringest/bench/shared';
import { Source } from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { viewFrames } from '../support/load-frames.js';
import { loadFailure } from '../support/load-here.js';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

describe('the plan of faults', () => {
  const first = (count: number, seed: number, indexers: number) => {
    const plan = planFaults(seed, indexers);
    return Array.from({ length: count }, () => plan.next().value);
  };

  it('follows from its seed', () => {
    expect(first(50, 7, 3)).toEqual(first(50, 7, 3));
    expect(first(50, 7, 3)).not.toEqual(first(50, 8, 3));
  });

  it('has each kind once in four, and always leaves one indexer alone', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 16 }), (seed, indexers) => {
        const faults = first(60, seed, indexers);
        for (let i = 0; i < faults.length; i += 4) {
          expect(new Set(faults.slice(i, i + 4).map(({ fault }) => fault))).toEqual(
            new Set(FAULTS),
          );
        }
        for (const [i, { atMs, indexer }] of faults.entries()) {
          expect(atMs).toBeGreaterThanOrEqual(faults[i - 1]?.atMs ?? 0);
          const others = faults.slice(0, i).filter((fault) => fault.atMs + fault.forMs > atMs);
          const harmed = others.map((fault) => fault.indexer);
          expect(harmed).not.toContain(indexer);
          expect(new Set(harmed).size).toBeLessThanOrEqual(indexers - 2);
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('the log of what has arrived', () => {
  const source = new EntrySource({
    seed: 1,
    entryBytes: 16,
    tags: [0],
    source: Source.parse('10.0.0.1'),
    startSeconds: 0,
    batch: 0,
  });

  function arrive(log: ArrivalLog, entries: readonly LoadEntry[]): void {
    for (const entry of entries) viewFrames([entry], log.add);
  }

  it('is gone on with by another process, and counts all that was written', () => {
    const path = join(temporaryDirectory(), 'log');
    const first = new ArrivalLog(path, { form: 'binary' });
    for (let i = 0; i < 20_000; i++) arrive(first, [source.entry(i)]);
    first.flush();
    // What is not flushed was not confirmed, and goes with its process.
    arrive(first, [source.entry(20_000)]);
    const second = new ArrivalLog(path, { form: 'binary' });
    arrive(second, [source.entry(19_999), source.entry(20_001), source.entry(50_000)]);
    arrive(second, [{ ...source.entry(0), data: Buffer.alloc(3) }]);
    second.flush();
    const arrivals = new Arrivals();
    readArrivalLog(path, arrivals);
    expect(arrivals.counts(20_002)).toEqual({ received: 20_004, duplicated: 1, foreign: 2 });
  });

  it('counts no number that was cut off by a kill', () => {
    const path = join(temporaryDirectory(), 'log');
    const log = new ArrivalLog(path, { form: 'binary' });
    arrive(log, [source.entry(0), source.entry(1)]);
    log.flush();
    appendFileSync(path, Buffer.alloc(3));
    const arrivals = new Arrivals();
    readArrivalLog(path, arrivals);
    expect(arrivals.counts(2)).toEqual({ received: 2, duplicated: 0, foreign: 0 });
  });
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

interface Report {
  readonly entries: number;
  readonly received: number;
  readonly duplicated: number;
  readonly foreign: number;
  readonly lost: number;
  readonly faults: readonly { atMs: number; target: string; fault: string; forMs: number }[];
}

describe('a load in chaos', () => {
  it('loses nothing, whatever comes to its indexers, and reports each fault', async () => {
    const flags = ['--chaos', '--content', 'lines', '--rate', '20000/s', '--duration', '1h'];
    const run = new NodeProcess(LOAD, [...flags, '--json']);
    for (const what of [
      /: killed$/m,
      /: started again$/m,
      /: stopped$/m,
      /: goes on$/m,
      /: confirms \d+ ms later$/m,
      /: confirms at once again$/m,
      /: reads [\d.]+ MB\/s$/m,
      /: reads at full speed again$/m,
    ]) {
      await run.says('stderr', what);
    }
    expect(await run.end('SIGINT'), run.stderr).toBe(0);
    const report = run.lastJson<Report>();
    expect(report).toMatchObject({ lost: 0, foreign: 0 });
    expect(report.received - report.duplicated).toBe(report.entries);
    const kinds = new Set(report.faults.map(({ fault }) => fault));
    expect(kinds).toEqual(new Set(FAULTS));
    const times = report.faults.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(run.stdout.match(/^fault: +[\d.]+ s: tcp:\/\/\S+: \w+ for [\d.]+ s$/gm)).toHaveLength(
      report.faults.length,
    );
  });

  it('leaves no process and no file when it is ended at once', async () => {
    const folder = temporaryDirectory();
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const run = new NodeProcess(LOAD, ['--chaos', '--rate', '1000/s', '--duration', '1h']);
    const [, port = ''] = await run.says('stderr', /^load: tcp:\/\/127\.0\.0\.1:(\d+): stopped$/m);
    run.kill('SIGINT');
    await run.says('stderr', /interrupted/);
    await run.end('SIGINT');
    expect(readdirSync(folder)).toEqual([]);
    await eventually(() => expect(isListening(Number(port))).resolves.toBe(false));
  });

  it.each([
    [['--chaos', '--digest'], /--chaos cannot be used with --digest: entries are sent again/],
    [['--chaos', '--transport', 'tls'], /--chaos has indexers that come back at the same port/],
    [['--chaos', '1'], /--chaos.*from 2 to 16/],
    [
      ['--chaos', '--clear-conns', '127.0.0.1:1'],
      /--chaos cannot be used with --clear-conns: only embedded indexers are harmed/,
    ],
  ])('is refused with a sentence: %j', async (flags, message) => {
    expect(await loadFailure(...flags)).toMatch(message);
  });
});
