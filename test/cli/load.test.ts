import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadReport } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const start = (...args: readonly string[]) => new NodeProcess(RINGEST, args);

describe('ringest load', () => {
  it('writes to an indexer of its own, and ends with 0 when all has arrived', async () => {
    const page = join(temporaryDirectory(), 'load.html');
    const flags = ['--entry-count', '2000', '--digest', '--report', page, '--json'];
    const run = start('load', ...flags, '--ingest-secret', 'hush');
    expect(await run.end(), run.stderr).toBe(0);
    expect(run.lastJson<LoadReport>()).toMatchObject({ entries: 2000, lost: 0 });
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('ringest load --entry-count 2000 --digest --report');
    expect(html).not.toContain('hush');
  });

  it('ends with 1 when no indexer is there', async () => {
    const run = start('load', '--clear-conns', '127.0.0.1:1', '--timeout', '50ms');
    expect(await run.end()).toBe(1);
    expect(run.stderr).toMatch(/^load: .*timed out after 50 ms/m);
  });
});

describe('ringest tune', () => {
  // test/integration/tune.test.ts has a run with a recommendation.
  it('ends with 1 when there is nothing to compare', async () => {
    const one = ['--ring-bytes', '64KiB', '--connections', '1', '--path', 'entry'];
    const run = start('tune', ...one);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toMatch(/^tune: there is only one configuration, "entry, ring 64 KiB, /);
  });
});

describe.each(['load', 'tune'])('ringest %s', (command) => {
  it('says in its help what it takes, with examples and its exit statuses', async () => {
    const run = start(command, '--help');
    expect(await run.end()).toBe(0);
    expect(run.stdout).toContain(`Usage: ringest ${command} [options]`);
    expect(run.stdout).toContain('--ingest-secret-file <path>');
    expect(run.stdout).toContain(`\n  ringest ${command} --clear-conns `);
    expect(run.stdout).toContain('\nExit status: 0 ');
  });
});

it.each([
  ['a flag that there is not', ['load', '--entry-cuont', '1'], 'Did you mean --entry-count?'],
  [
    'flags of a load that exclude each other',
    ['load', '--rate', '1/s', '--ramp', '1..2/1s'],
    '--rate cannot be used with --ramp: a ramp is a rate that changes',
  ],
  [
    'flags of the tuner that exclude each other',
    ['tune', '--rate', '1k/s'],
    '--rate cannot be used with --goal throughput',
  ],
  [
    'a flag of the tuner that a load refuses',
    ['tune', '--content', 'json', '--path', 'entry', '--entry-size', '1'],
    '--entry-size',
  ],
])('%s ends with status 2', async (_what, args, text) => {
  const run = start(...args);
  expect(await run.end()).toBe(2);
  expect(run.stderr).toContain(text);
  expect(run.stdout).toBe('');
});
