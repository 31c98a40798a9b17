import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import {
  CacheClosedError,
  CacheThreadError,
  InvalidBlockError,
  NodeDisk,
  SegmentInUseError,
  UnknownSegmentError,
} from '@ringest/cache/internal';
import { expect, onTestFinished, test } from 'vitest';
import { scaled } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { watchThreads } from '../support/threads.js';
import { eventually } from '../support/waiting.js';
import { LinkBench, numbered } from './links.js';
import { openLog, readTexts } from './logs.js';

const SCRIPT = fileURLToPath(new URL('caching-process.mjs', import.meta.url));

test('blocks are stored, read, and removed with their segment, in a real thread', async () => {
  const bench = await LinkBench.open(temporaryDirectory(), { maxSegmentBytes: 8000 });
  const { link } = bench;
  const texts = numbered(0, 200);
  for (const text of texts) bench.append(text);
  expect(link.unstoredEntries).toBe(200);
  await bench.until(() => bench.stored.size === 200);
  expect([link.unstoredEntries, link.unstoredBytes]).toEqual([0, 0]);
  expect(link.bytes).toBeGreaterThan(texts.join('').length);
  expect(link.segments.length).toBeGreaterThan(2);
  expect(await bench.readAll()).toEqual(texts);

  for (const { id } of link.segments) await link.remove(id);
  await link.remove(1);
  expect([link.bytes, link.segments]).toEqual([0, []]);
});

test('a close says what it leaves, and the next open finds it', async () => {
  const path = temporaryDirectory();
  const bench = await LinkBench.open(path, { sync: { everyMs: 60_000 } });
  for (const text of numbered(0, 50)) bench.append(text);
  const report = await bench.link.close();
  expect(report).toMatchObject({ entries: 50, unstored: [], error: undefined });
  expect(await bench.link.close()).toBe(report);
  expect(() => bench.append('more')).toThrow(CacheClosedError);

  const again = await LinkBench.open(path);
  expect(again.link.bytes).toBe(report.bytes);
  expect(again.link.segments.every(({ isSealed }) => isSealed)).toBe(true);
  expect(await again.readAll()).toEqual(numbered(0, 50));
});

test('a thread that dies, time and again, loses nothing, and nothing is read twice', async () => {
  const path = temporaryDirectory();
  const threads = watchThreads();
  const bench = await LinkBench.open(path, { sync: { everyMs: 20 } });
  let next = 0;
  // After each death the next thread waits twice as long.
  const deaths = scaled(3, 6);
  for (let round = 0; round < deaths; round++) {
    for (const text of numbered(next, next + 100)) bench.append(text);
    next += 100;
    await bench.untilPlaced(next - 99);
    await threads.at(-1)?.terminate();
    await bench.until(() => bench.deaths.length === round + 1);
    for (const text of numbered(next, next + 10)) bench.append(text);
    next += 10;
    await bench.until(() => threads.length === round + 2 || bench.stored.size === next);
  }
  await bench.until(() => bench.stored.size === next);
  expect(bench.deaths).toHaveLength(deaths);
  expect(await bench.readAll()).toEqual(numbered(0, next));

  await bench.link.close();
  const left = new Set(readTexts(openLog(new NodeDisk(path))));
  expect([...left].sort()).toEqual(numbered(0, next).sort());
});

test('a reading and a removal go on in the next thread', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory(), { maxSegmentBytes: 2 ** 22 });
  // Each so long that it is read alone.
  const texts = numbered(0, 6).map((text) => text.padEnd(300_000, '.'));
  for (const text of texts) bench.append(text);
  await bench.until(() => bench.stored.size === 6);
  const [segment] = bench.link.segments;
  const id = segment?.id ?? 0;
  const reading = bench.link.read(id);
  const read = [(await reading.next()).value, (await reading.next()).value];
  const ending = threads[0]?.terminate();
  for await (const block of reading) read.push(block);
  await ending;
  expect(read.map((block) => Buffer.from(block?.frames ?? []).toString())).toEqual(texts);

  const removed = bench.link.remove(id);
  await threads[1]?.terminate();
  await removed;
  await bench.until(() => bench.link.segments.every((one) => one.id !== id));
});

test('a segment that is appended to is not removed; a reading seals it', async () => {
  const bench = await LinkBench.open(temporaryDirectory());
  bench.append('one');
  await bench.until(() => bench.stored.size === 1);
  expect(() => bench.link.remove(1)).toThrow(SegmentInUseError);
  const reading = bench.link.read(1);
  expect(() => bench.link.read(1)).toThrow(SegmentInUseError);
  await reading.next();
  await reading.return();
  bench.append('two');
  await bench.until(() => bench.stored.size === 2);
  expect(bench.places.get(2)).toEqual({ segment: 2, sequence: 1 });
  await bench.link.remove(1);
  expect(await bench.readAll()).toEqual(['two']);
});

test('a segment is read from a block on; one that begins before it is left out', async () => {
  const bench = await LinkBench.open(temporaryDirectory(), { sync: 'never' });
  for (const text of ['one', 'two']) bench.append(text, 3);
  bench.append('three');
  await bench.untilPlaced(3);

  expect([...bench.places.values()]).toEqual([
    { segment: 1, sequence: 0 },
    { segment: 1, sequence: 3 },
    { segment: 1, sequence: 6 },
  ]);
  expect(await bench.read(1, 3)).toEqual(['two', 'three']);
  expect(await bench.read(1, 4)).toEqual(['three']);
  expect(await bench.read(1, 7)).toEqual([]);
  expect(await bench.read(1)).toEqual(['one', 'two', 'three']);
});

test('where a block was told to be, it is read, also after the thread has died', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory(), { sync: { everyMs: 60_000 } });
  const texts = numbered(0, 60);
  for (const text of texts.slice(0, 40)) bench.append(text, 1 + (text.length % 3));
  await bench.untilPlaced(40);
  await threads[0]?.terminate();
  await bench.until(() => bench.deaths.length === 1);
  expect([...bench.places.values()].every((place) => place === undefined)).toBe(true);
  for (const text of texts.slice(40)) bench.append(text, 1 + (text.length % 3));
  await bench.untilPlaced(60);

  const read = new Map<string, string>();
  for (const { id } of bench.link.segments) {
    for await (const { sequence, frames } of bench.link.read(id)) {
      read.set(`${id} ${sequence}`, Buffer.from(frames).toString());
    }
  }
  const places = [...bench.places.values()].map((place) => `${place?.segment} ${place?.sequence}`);
  expect(new Set(places).size).toBe(60);
  expect(places.map((place) => read.get(place))).toEqual(texts);
});

test('what cannot be is told as such', async () => {
  const bench = await LinkBench.open(temporaryDirectory());
  expect(() => bench.append('')).toThrow(InvalidBlockError);
  await expect(bench.link.read(7).next()).rejects.toThrow(UnknownSegmentError);
});

test('the folder of a dead thread that cannot be opened is tried again until it can', async () => {
  const folder = temporaryDirectory();
  const path = join(folder, 'cache');
  const threads = watchThreads();
  const bench = await LinkBench.open(path, { sync: { everyMs: 60_000 } });
  bench.append('one');
  await bench.until(() => bench.places.get(1) !== undefined);
  renameSync(path, join(folder, 'away'));
  writeFileSync(path, 'a file in its place');
  await threads[0]?.terminate();
  await bench.until(() => bench.troubles.length === 1);
  expect(bench.troubles[0]).toContain('the path is a file');
  bench.append('two');

  renameSync(path, join(folder, 'file'));
  renameSync(join(folder, 'away'), path);
  await bench.until(() => bench.troubles.length === 2);
  expect(bench.troubles[1]).toBeUndefined();
  const { unstored } = await bench.link.close();
  expect(unstored).toEqual([]);
  expect(new Set(readTexts(openLog(new NodeDisk(path))))).toEqual(new Set(['one', 'two']));
});

test('a close hands over what is left when the thread has died just before', async () => {
  const path = temporaryDirectory();
  const threads = watchThreads();
  const bench = await LinkBench.open(path, { sync: { everyMs: 60_000 } });
  bench.append('one');
  await threads[0]?.terminate();
  bench.append('two');
  const { unstored, error } = await bench.link.close();

  expect([unstored, error]).toEqual([[], undefined]);
  expect(new Set(readTexts(openLog(new NodeDisk(path))))).toEqual(new Set(['one', 'two']));
});

test('a close of which nobody waits for the end says what is not stored', async () => {
  const bench = await LinkBench.open(temporaryDirectory(), { sync: { everyMs: 60_000 } });
  bench.append('one');
  const { unstored, error } = await bench.link.close(AbortSignal.abort(new Error('no time')));
  expect(error?.message).toBe('no time');
  expect(unstored.map(({ key }) => key)).toEqual([1]);
});

test('a close of which nobody waits for the end is the end of the thread, and nothing more is told', async () => {
  const path = temporaryDirectory();
  const threads = watchThreads();
  const bench = await LinkBench.open(path);
  const [thread] = threads;
  if (thread === undefined) throw new Error('there is no thread');
  const exit = once(thread, 'exit');
  await bench.link.close(AbortSignal.abort(new Error('no time')));
  await exit;
  await eventually(() => new LinkBench(path).link.close());

  expect(bench.deaths).toEqual([]);
  expect(threads).toHaveLength(2);
});

test.each(['"always"', '"never"', '{"everyMs":5}'])(
  'what was told as stored, with the policy %s, is there after the process was killed',
  async (sync) => {
    const path = temporaryDirectory();
    for (let round = 1; round <= 2; round++) {
      const child = spawn(process.execPath, [SCRIPT, path, sync], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let stored = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        stored = Number(line);
        if (stored === round * 150) child.kill('SIGKILL');
      }
      // The lock has died with it.
      const bench = await LinkBench.open(path);
      const numbers = (await bench.readAll()).map((text) => Number(/^<(\d+)>/.exec(text)?.[1]));
      const expected = Array.from({ length: stored }, (_, i) => i + 1);
      expect(stored).toBeGreaterThanOrEqual(round * 150);
      expect(numbers.slice(0, stored)).toEqual(expected);
      for (const { id } of bench.link.segments) await bench.link.remove(id);
      await bench.link.close();
    }
  },
);

test('a closed link leaves no file open', async () => {
  if (!existsSync('/proc/self/fd')) return;
  const path = temporaryDirectory();
  const openFiles = async () => {
    for (let round = 0; round < 4; round++) {
      const { link } = await LinkBench.open(path);
      await link.close();
    }
    const all = readdirSync('/proc/self/fd').map((fd) => targetOf(`/proc/self/fd/${fd}`));
    return all.filter((target) => target.startsWith(path));
  };
  expect(await openFiles()).toEqual([]);
});

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return 'closed by now';
  }
}

test('threads that die one after the other are trouble, until one has stored what waits', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory());
  let isDeadly = true;
  // It has loaded its modules then, and is about to open the cache.
  const kill = (thread: Worker) =>
    void thread.once('message', () => isDeadly && thread.terminate());
  process.on('worker', kill);
  onTestFinished(() => void process.off('worker', kill));
  await threads[0]?.terminate();
  bench.append('one');
  await bench.until(() => bench.troubles.length > 0);
  expect(bench.deaths.length).toBeGreaterThan(1);
  expect(bench.link.trouble).toBeInstanceOf(CacheThreadError);
  expect(bench.stored.size).toBe(0);
  isDeadly = false;
  await bench.until(() => bench.troubles.length > 1);
  expect(bench.troubles).toEqual([expect.stringContaining('the thread of the cache'), undefined]);
  await bench.until(() => bench.stored.size === 1);
});

test('threads that append all and die before they have stored it are trouble', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory(), { sync: { everyMs: 60_000 } });
  bench.append('one');
  for (let deaths = 0; deaths < 2; deaths++) {
    await bench.until(() => bench.places.get(1) !== undefined);
    await threads.at(-1)?.terminate();
    await bench.until(() => bench.deaths.length === deaths + 1);
  }
  expect(bench.troubles).toEqual([expect.stringContaining('the thread of the cache')]);
  // The next one stores it at once, whenever the time for that is.
  await bench.until(() => bench.stored.size === 1);
  await bench.until(() => bench.troubles.length > 1);
  expect(bench.troubles[1]).toBeUndefined();
});

test('a thread that dies once is no trouble', async () => {
  const threads = watchThreads();
  const bench = await LinkBench.open(temporaryDirectory());
  await threads[0]?.terminate();
  bench.append('one');
  await bench.until(() => bench.stored.size === 1);
  expect(bench.deaths).toHaveLength(1);
  expect(bench.troubles).toEqual([]);
});
