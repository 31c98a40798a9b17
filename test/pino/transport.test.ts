import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { cachedData, unusedAddress } from '../support/caching.js';
import { SECRET } from '../support/muxer.js';
import { NodeProcess } from '../support/node-process.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SCRIPT = new URL('logging-process.mjs', import.meta.url);
const COUNT = 2000;

interface Run {
  readonly end: 'exit' | 'fatal' | 'uncaught' | 'quiet' | 'flushed' | 'closed' | 'never';
  readonly count?: number;
  readonly options?: object;
  /** Several transports, instead of one with `options`. */
  readonly targets?: readonly object[];
}

function log({ count = COUNT, ...run }: Run): NodeProcess {
  return new NodeProcess(SCRIPT, [JSON.stringify({ ...run, count })]);
}

const muxerFor = (address: string, more: object = {}) => ({
  targets: [address],
  secret: SECRET,
  selfIngest: false,
  ...more,
});

const startIndexer = (listen?: string) =>
  RecordingIndexer.start({ tags: ['app'], ...(listen !== undefined && { listen }) });

/** The entries that arrived, decoded. */
function entriesOf({ received }: RecordingIndexer) {
  return received.map(({ tag, bytes }) => ({ tag, entry: decodeEntry(bytes) }));
}

/** The numbers of the records that arrived. */
function numbersOf(indexer: RecordingIndexer): number[] {
  return entriesOf(indexer).map(({ entry }) => JSON.parse(`${entry.data}`).number);
}

const numbers = (to: number) => Array.from({ length: to }, (_, i) => i);

describe('records arrive in their order, with their levels and times,', () => {
  const ways = [
    ['process.exit before the thread is there', 'exit', 0, COUNT],
    ['an exception that nobody catches', 'uncaught', 1, COUNT],
    ['a fatal record and process.exit', 'fatal', 1, COUNT + 1],
    ['a program that has nothing left to do', 'quiet', 0, COUNT],
    ['the end of the transport', 'closed', 0, COUNT],
  ] as const;

  it.each(ways)('at %s', async (_, end, status, count) => {
    const indexer = await startIndexer();
    const before = Date.now();
    const muxer = muxerFor(indexer.address);
    const run = log({ end, options: { tag: 'app', fields: ['level', 'number'], muxer } });
    expect(await run.end(), run.stderr).toBe(status);
    expect(numbersOf(indexer)).toEqual(numbers(count));
    for (const { tag, entry } of entriesOf(indexer)) {
      const record = JSON.parse(`${entry.data}`);
      expect(tag).toBe('app');
      expect(entry.timestamp.toDate().getTime()).toBe(record.time);
      expect(record.time).toBeGreaterThanOrEqual(before);
      const values = Object.fromEntries(
        entry.enumeratedValues.map(({ name, value }) => [
          name,
          typeof value === 'bigint' ? Number(value) : value,
        ]),
      );
      const level = record.level === 60 ? 'fatal' : 'info';
      expect(values).toEqual({ level, number: record.number });
    }
  });
});

it('the callback of flush comes once the records are confirmed', async () => {
  const indexer = await startIndexer();
  const run = log({ end: 'flushed', options: { tag: 'app', muxer: muxerFor(indexer.address) } });
  const [text] = await run.says('stdout', /\{"flushed".*\}/);
  expect(JSON.parse(text)).toEqual({ flushed: 'yes' });
  expect(numbersOf(indexer)).toEqual(numbers(COUNT));
});

it('records survive indexers that are down, in the cache, and arrive with the next run', async () => {
  const { address, listen } = await unusedAddress();
  const path = temporaryDirectory();
  const muxer = muxerFor(address, { cache: { path, mode: 'journal' }, closeTimeout: 2000 });
  const first = log({ end: 'exit', options: { tag: 'app', muxer } });
  expect(await first.end(), first.stderr).toBe(0);
  expect((await cachedData(path)).map((line) => JSON.parse(line).number).sort(byNumber)).toEqual(
    numbers(COUNT),
  );
  const indexer = await startIndexer(listen);
  log({ end: 'never', count: 0, options: { tag: 'app', muxer } });
  await indexer.entries(COUNT);
  expect([...new Set(numbersOf(indexer))].sort(byNumber)).toEqual(numbers(COUNT));
});

it('what is lost without a cache is counted, and said on standard error', async () => {
  const { address } = await unusedAddress();
  const muxer = muxerFor(address, { closeTimeout: 100 });
  const run = log({ end: 'closed', count: 10, options: { tag: 'app', muxer } });
  expect(await run.end(), run.stderr).toBe(0);
  const report = { records: 10, refused: 0, lost: 0, undated: 0, unconfirmed: 10, cached: 0 };
  expect(run.lastJson()).toEqual(report);
  expect(run.stderr).toContain('of the log, 10 entries were not confirmed');
});

it('a configuration file gives the muxer', async () => {
  const indexer = await startIndexer();
  const config = join(temporaryDirectory(), 'app.conf');
  const target = indexer.address.replace('tcp://', '');
  const lines = ['[Global]', `Ingest-Secret=${SECRET}`, `Cleartext-Backend-Target=${target}`];
  writeFileSync(config, `${lines.join('\n')}\nLog-Level=OFF\n`);
  const run = log({ end: 'exit', count: 10, options: { tag: 'app', config } });
  expect(await run.end(), run.stderr).toBe(0);
  expect(numbersOf(indexer)).toEqual(numbers(10));
});

it('it is one of several targets', async () => {
  const indexer = await startIndexer();
  const options = { tag: 'app', muxer: muxerFor(indexer.address) };
  const targets = [
    { target: '@ringest/pino', options, level: 'warn' },
    { target: 'pino/file', options: { destination: 1 }, level: 'info' },
  ];
  const run = log({ end: 'fatal', count: 10, targets });
  expect(await run.end(), run.stderr).toBe(1);
  expect(numbersOf(indexer)).toEqual([10]);
  expect(run.stdout.trimEnd().split('\n')).toHaveLength(11);
});

it('a wrong option is an error that says what is wrong', async () => {
  const run = log({ end: 'quiet', options: { tag: 'app' } });
  expect(await run.end()).not.toBe(0);
  expect(run.stderr).toContain('either it or options.config');
});

const byNumber = (one: number, other: number) => one - other;
