import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  commandLine,
  LoadRecorder,
  logTicks,
  ReportFile,
  ReportFileError,
} from '@ringest/bench/report';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LOAD, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/waiting.js';

describe('the file of a report', () => {
  it('is in its place once it is whole, and leaves nothing beside it', () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'out.html');
    writeFileSync(path, 'the old one');
    {
      using file = new ReportFile(path);
      expect(readFileSync(path, 'utf8')).toBe('the old one');
      file.write('the new one');
    }
    expect(readFileSync(path, 'utf8')).toBe('the new one');
    expect(readdirSync(folder)).toEqual(['out.html']);
  });

  it('stays as it was when there is no report in the end', () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'out.html');
    writeFileSync(path, 'the old one');
    new ReportFile(path)[Symbol.dispose]();
    expect(readFileSync(path, 'utf8')).toBe('the old one');
    expect(readdirSync(folder)).toEqual(['out.html']);
  });

  it('is where a link leads, which stays a link', () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'there'));
    writeFileSync(join(folder, 'there', 'real.html'), '');
    symlinkSync(join('there', 'real.html'), join(folder, 'link.html'));
    {
      using file = new ReportFile(join(folder, 'link.html'));
      file.write('new');
    }
    expect(readFileSync(join(folder, 'there', 'real.html'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['link.html', 'there']);
  });

  it('is refused where none can be written', () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'file'), '');
    const refusal = (path: string) => {
      try {
        new ReportFile(path);
      } catch (error) {
        expect(error).toBeInstanceOf(ReportFileError);
        expect(error).toMatchObject({ code: 'REPORT_FILE', path });
        return (error as Error).message;
      }
      throw new Error(`${path} was not refused`);
    };
    expect(refusal(join(folder, 'none', 'out.html'))).toMatch(
      /folder does not exist: make it first$/,
    );
    expect(refusal(join(folder, 'file', 'out.html'))).toMatch(/what should be its folder is none$/);
    expect(refusal(folder)).toMatch(/something else by that name: name a file$/);
    if (process.platform !== 'win32') {
      expect(refusal('/dev/null')).toMatch(/something else by that name: name a file$/);
    }
  });

  it('is refused before a load begins', async () => {
    const path = join(temporaryDirectory(), 'none', 'out.html');
    const run = new NodeProcess(LOAD, ['--duration', '1h', '--report', path]);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toBe(
      `load: the report cannot be written to ${path}: its folder does not exist: make it first\n`,
    );
    expect(run.stdout).toBe('');
  });

  it('is not made by a load that fails', async () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'out.html');
    const nobody = ['--clear-conns', '127.0.0.1:1', '--timeout', '50ms'];
    const run = new NodeProcess(LOAD, [...nobody, '--report', path]);
    expect(await run.end()).toBe(1);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the record of a load', () => {
  it('covers all of it, with as many samples as there is room for', async () => {
    const recorder = new LoadRecorder(8, 1);
    onTestFinished(() => recorder.ended());
    let looks = 0;
    recorder.started(() => ({
      entries: ++looks,
      elapsedMs: looks * 1000,
      stats: undefined,
      latency: undefined,
    }));
    await until('a hundred looks', () => looks > 40);
    recorder.ended();
    const { samples } = recorder.recording;
    expect(samples.length).toBeGreaterThan(3);
    expect(samples.length).toBeLessThanOrEqual(9);
    expect(samples.at(0)).toEqual({ seconds: 1, written: 1 });
    expect(samples.at(-1)).toEqual({ seconds: looks, written: looks });
    const times = samples.map(({ seconds }) => seconds);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const before = looks;
    recorder.ended();
    expect(looks).toBe(before);
  });

  it('has what happened, and counts what it has no room for', () => {
    const recorder = new LoadRecorder();
    recorder.lost(new Error('it is gone'));
    for (let i = 1; i < 250; i++) recorder.happened(`fault ${i}`);
    const { events, moreEvents } = recorder.recording;
    expect(events[0]).toEqual({ seconds: 0, kind: 'lost connection', text: 'it is gone' });
    expect(events).toHaveLength(200);
    expect(moreEvents).toBe(50);
  });
});

it('a command line is shown without its secret', () => {
  const shown = (...args: string[]) => commandLine(['node', '/x/dist/cli/load.js', ...args]);
  expect(shown('--ingest-secret', 'hush', '--rate', '1k/s')).toBe(
    'pnpm load --ingest-secret … --rate 1k/s',
  );
  expect(shown('--ingest-secret=hush')).toBe('pnpm load --ingest-secret=…');
  const words = ['node', '/x/cli.js', 'load', '--ingest-secret', 'hush', '--lines'];
  expect(commandLine(words, 'ringest')).toBe('ringest load --ingest-secret … --lines');
  expect(shown('--require', 'p99<50ms', "it's")).toBe(`pnpm load --require 'p99<50ms' 'it'\\''s'`);
});

it('a logarithmic axis has a few ticks, whatever it spans', () => {
  expect(logTicks(0.9, 25)).toEqual([1, 2, 5, 10, 20]);
  expect(logTicks(0.05, 4000)).toEqual([0.1, 1, 10, 100, 1000]);
});
