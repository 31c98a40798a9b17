import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CacheClosedError,
  CacheLockedError,
  CacheOpenError,
  CacheThreadError,
} from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { watchThreads } from '../support/threads.js';
import { LinkBench, numbered } from './links.js';

/** A folder in which an earlier run has stored texts. */
async function folderWith(texts: readonly string[]): Promise<string> {
  const path = temporaryDirectory();
  const bench = await LinkBench.open(path, { maxSegmentBytes: 1000 });
  for (const text of texts) bench.append(text);
  await bench.link.close();
  return path;
}

/** A folder that can be locked, and not used otherwise. */
function uselessFolder(): string {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'quarantine'), 'a file');
  return path;
}

test('two links cannot have one folder; a closed one gives it back', async () => {
  const path = temporaryDirectory();
  const bench = await LinkBench.open(path);
  await expect(LinkBench.open(path)).rejects.toThrow(CacheLockedError);
  await bench.link.close();
  await LinkBench.open(path);
});

test('a folder that cannot be used is an error of the open, and not locked by it', async () => {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'quarantine'), 'a file');
  const error = await LinkBench.open(path).catch((cause) => cause);
  expect(error).toBeInstanceOf(CacheOpenError);
  expect(error).toMatchObject({ code: 'ERR_CACHE_OPEN', trouble: 'not-a-folder', path });
  renameSync(join(path, 'quarantine'), join(path, 'other'));
  await LinkBench.open(path);
});

test('what earlier runs left is found once, before anything has a place', async () => {
  const path = await folderWith(numbered(0, 50));
  const threads = watchThreads();
  const bench = new LinkBench(path);
  bench.append('new');
  const findings = await bench.link.opened;
  expect(findings).toEqual({ torn: 0, tornBytes: 0, damaged: 0, damagedEntries: 0, leftAlone: [] });
  const [find] = bench.finds;
  expect(find?.segments.length).toBeGreaterThan(1);
  expect(find?.segments.every(({ isSealed }) => isSealed)).toBe(true);
  expect(find?.placed).toBe(0);
  await bench.untilPlaced(1);
  expect(bench.places.get(1)).toEqual({
    segment: (find?.segments.at(-1)?.id ?? 0) + 1,
    sequence: 50,
  });

  await threads[0]?.terminate();
  await bench.until(() => bench.deaths.length === 1);
  bench.append('newer');
  await bench.untilPlaced(2);
  expect(bench.finds).toHaveLength(1);
});

test('an empty folder is found to be empty', async () => {
  const bench = await LinkBench.open(temporaryDirectory());
  expect(bench.finds).toEqual([{ segments: [], placed: 0 }]);
});

test('what is done before the cache is open, is done once it is', async () => {
  const old = numbered(0, 50);
  const bench = new LinkBench(await folderWith(old));
  for (const text of ['one', 'two']) bench.append(text);
  bench.link.addTags(['b']);
  bench.append('three');
  const removed = bench.link.remove(2);
  const first = await bench.read(1);
  await removed;
  expect(first).toEqual(old.slice(0, first.length));
  expect(bench.link.segments.map(({ id }) => id)).not.toContain(2);

  await bench.until(() => bench.stored.size === 3);
  const place = bench.places.get(3);
  const reading = bench.link.read(place?.segment ?? 0, place?.sequence);
  const { value: block } = await reading.next();
  expect(Buffer.from(block?.frames ?? []).toString()).toBe('three');
  expect(block?.tags).toEqual(['a', 'b']);
  await reading.return();
});

test('a close before the cache is open stores what waits', async () => {
  const path = temporaryDirectory();
  const bench = new LinkBench(path);
  for (const text of numbered(0, 20)) bench.append(text);
  expect(await bench.link.close()).toMatchObject({ entries: 20, unstored: [], error: undefined });
  await bench.link.opened;

  const again = await LinkBench.open(path);
  expect(await again.readAll()).toEqual(numbered(0, 20));
});

test('a cache that cannot be opened leaves what waits to the report of its close', async () => {
  const bench = new LinkBench(uselessFolder());
  for (const text of ['one', 'two']) bench.append(text);
  const reading = bench.link.read(1).next();
  const removed = bench.link.remove(1);
  await expect(bench.link.opened).rejects.toThrow(CacheOpenError);
  await expect(reading).rejects.toThrow(CacheClosedError);
  await removed;
  expect(() => bench.append('three')).toThrow(CacheClosedError);
  expect(() => bench.link.read(1)).toThrow(CacheClosedError);

  const { unstored, error } = await bench.link.close();
  expect(unstored.map(({ key }) => key)).toEqual([1, 2]);
  expect(error).toBeInstanceOf(CacheOpenError);
  expect([bench.stored.size, bench.deaths, bench.troubles]).toEqual([0, [], []]);
});

test('a close before an opening that fails says the same', async () => {
  const bench = new LinkBench(uselessFolder());
  bench.append('one');
  const { unstored, error } = await bench.link.close();
  expect(unstored.map(({ key }) => key)).toEqual([1]);
  expect(error).toBeInstanceOf(CacheOpenError);
  await expect(bench.link.opened).rejects.toBe(error);
});

test('a thread that dies before the cache is open is the end of it', async () => {
  const path = temporaryDirectory();
  const bench = new LinkBench(path);
  bench.append('one');
  const [thread] = await once(process, 'worker');
  await thread.terminate();
  await expect(bench.link.opened).rejects.toThrow(CacheThreadError);
  expect((await bench.link.close()).unstored).toHaveLength(1);
  expect(bench.deaths).toEqual([]);
  await LinkBench.open(path);
});

test('a close of an opening that nobody waits for ends it', async () => {
  const threads = watchThreads();
  const bench = new LinkBench(temporaryDirectory());
  bench.append('one');
  const [thread] = await once(process, 'worker');
  const exit = once(thread, 'exit');
  const reason = new Error('no time');
  const { unstored, error } = await bench.link.close(AbortSignal.abort(reason));
  expect([unstored.length, error]).toEqual([1, reason]);
  await expect(bench.link.opened).rejects.toBe(reason);
  await exit;
  expect([threads.length, bench.deaths]).toEqual([1, []]);
});

test('what is asked for before it is open is done when it is', async () => {
  const bench = new LinkBench(temporaryDirectory(), {
    sync: { everyMs: 60_000 },
    maxBytes: 100_000,
    maxSegmentBytes: 20_000,
  });
  bench.append('one');
  bench.link.seal();
  bench.append('x'.repeat(200_000));
  bench.link.limit(false);
  bench.append('three');
  bench.link.sync();
  await bench.until(() => bench.stored.size === 3);
  expect(bench.places.get(1)?.segment).not.toBe(bench.places.get(2)?.segment);
  expect(bench.link.isFull).toBe(false);
});

test('what is asked for while no thread lives is done by the next one', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory(), { sync: { everyMs: 60_000 } });
  bench.append('one');
  await bench.untilPlaced(1);
  await threads[0]?.terminate();
  await bench.until(() => bench.deaths.length === 1);
  bench.link.seal();
  bench.append('two');
  bench.link.sync();
  await bench.until(() => bench.stored.size === 2);
  expect(bench.places.get(1)?.segment).not.toBe(bench.places.get(2)?.segment);
});
