import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EntrySource } from '@ringest/bench/shared';
import { Source } from '@ringest/codec';
import { expect, it } from 'vitest';
import { loadFailure } from '../support/load-here.js';
import { LOAD, NodeProcess, startIndexer } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort } from '../support/victim.js';
import { eventually } from '../support/waiting.js';

interface Report {
  entries: number;
  lost: number;
  cache: {
    mode: string;
    bytes: number;
    replayedEntries: number;
    recoveredEntries: number;
    droppedEntries: number;
    damagedEntries: number;
  };
}

/** An indexer that was away is tried again after half a minute at last. */
const ENTRY_BYTES = 256;

const segments = (path: string) => readdirSync(path).filter((name) => name.endsWith('.segment'));

/** Bytes of all segments in a folder, some of which may go meanwhile. */
const bytesIn = (path: string) =>
  segments(path).reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

/** The digests that a load of `count` entries may have which began in one of these seconds. */
function digestsOf(count: number, from: number, to: number): string[] {
  const contents = { seed: 1, entryBytes: ENTRY_BYTES, batch: 0, tags: [0] };
  const source = Source.parse('127.0.0.1');
  return Array.from({ length: to - from + 1 }, (_, i) =>
    new EntrySource({ ...contents, source, startSeconds: from + i }).digest('sha256', count),
  );
}

const now = () => Math.floor(Date.now() / 1000);

/** A load that goes to one address, whoever is there. */
const load = (address: string, path: string, ...flags: string[]) =>
  new NodeProcess(LOAD, [
    ...['--clear-conns', address, '--cache-path', path, '--entry-size', `${ENTRY_BYTES}`],
    ...['--timeout', '60s', '--json', ...flags],
  ]);

it.each([
  ['fail', ['--cache-max-bytes', '2097152', '--ring-bytes', '65536']],
  ['always', ['--ring-bytes', '65536']],
  ['journal', ['--cache-sync', 'never']],
])(
  'a load whose indexer is away at first brings everything to it from a cache (%s)',
  async (mode, flags) => {
    const path = temporaryDirectory();
    const address = `127.0.0.1:${await freePort()}`;
    const count = 20_000;
    const half = (count / 2) * ENTRY_BYTES;
    const from = now();
    const run = load(address, path, '--cache-mode', mode, '--entry-count', `${count}`, ...flags);
    // Of the first, the cache takes 2 MiB, and lets the load wait for room.
    const enough = mode === 'fail' ? 2 ** 20 : half;
    await eventually(() => expect(bytesIn(path), run.stderr).toBeGreaterThan(enough));
    const to = now();
    const { indexer } = await startIndexer('--listen', address, '--digest');
    expect(await run.end(), run.stderr).toBe(0);
    const { entries, lost, cache } = run.lastJson<Report>();
    expect({ entries, lost }).toEqual({ entries: count, lost: 0 });
    const none = { bytes: 0, recoveredEntries: 0, droppedEntries: 0, damagedEntries: 0 };
    expect(cache).toEqual({ mode, ...none, replayedEntries: expect.any(Number) });
    expect(segments(path)).toEqual([]);

    await indexer.end('SIGTERM');
    const account = indexer.lastJson<{ entries: number; digest: string }>();
    expect(account.entries).toBe(count);
    expect(digestsOf(count, from, to)).toContain(account.digest);
  },
  120_000,
);

it('a load that gives up leaves its entries in the cache, for the next one to bring', async () => {
  const path = temporaryDirectory();
  const address = `127.0.0.1:${await freePort()}`;
  const first = load(address, path, '--entry-count', '3000', '--timeout', '3s');
  expect(await first.end()).toBe(1);
  expect(first.stderr).toMatch(/^load: nothing was confirmed for 3000 ms; last problem: /m);
  expect(first.stderr).toContain(`load: entries are left in the cache in ${path}\n`);
  expect(segments(path).length).toBeGreaterThan(0);

  // The account of an embedded indexer is about the load alone.
  const embedded = await loadFailure('--cache-path', path);
  expect(embedded).toContain(`${path} has entries of an earlier run`);

  const { indexer } = await startIndexer('--listen', address);
  const second = load(address, path, '--entry-count', '2000');
  expect(await second.end(), second.stderr).toBe(0);
  const { lost, cache } = second.lastJson<Report>();
  expect(lost).toBe(0);
  expect(cache).toMatchObject({ mode: 'fail', bytes: 0, recoveredEntries: 3000 });
  expect(segments(path)).toEqual([]);
  await indexer.end('SIGTERM');
  expect(indexer.lastJson<{ entries: number }>().entries).toBe(5000);
}, 60_000);

it.each([
  ['fail', []],
  ['always', ['--ring-bytes', '65536']],
  ['journal', ['--batch', '100']],
])('a load with a cache (%s) reports that, to people and to programs', async (mode, flags) => {
  const count = ['--entry-count', '10000', '--digest', '--json'];
  const run = new NodeProcess(LOAD, ['--cache-mode', mode, ...count, ...flags]);
  expect(await run.end(), run.stderr).toBe(0);
  // Nor is the temporary folder left.
  expect(run.stderr).toBe('');
  for (const line of [
    new RegExp(`^cache: +${mode}, 0 bytes left$`, 'm'),
    /^replayed: +[\d,]+, 0 of them recovered$/m,
    /^dropped: +0$/m,
    /^damaged: +0$/m,
    /^lost: +0$/m,
  ]) {
    expect(run.stdout).toMatch(line);
  }
  expect(run.lastJson()).toMatchObject({
    lost: 0,
    received: 10_000,
    duplicated: 0,
    digestMatches: true,
    cache: { mode, bytes: 0, droppedEntries: 0 },
  });
});
