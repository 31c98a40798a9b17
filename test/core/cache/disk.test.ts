import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CacheLockedError,
  CacheOpenError,
  CacheWriteError,
  type EntryInput,
  type IngestMuxer,
} from '@ringest/core';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  expectEachOnce,
  numbered,
  numberedFrom,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { collectLogs, hotMuxer, newMuxer } from '../../support/muxer.js';
import { NodeProcess, support } from '../../support/node-process.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const INGESTER = support('caching-ingester.mjs');

beforeEach(rollQuickly);

function ingester(configuration: object, nodeFlags: readonly string[] = []): NodeProcess {
  return new NodeProcess(INGESTER, [JSON.stringify(configuration)], nodeFlags);
}

/** What a muxer tells of its cache's disk from now on: codes, or `undefined` when it works again. */
function watchTrouble(muxer: IngestMuxer): (string | undefined)[] {
  const told: (string | undefined)[] = [];
  muxer.on('cacheTrouble', (error) => {
    told.push(error === undefined ? undefined : (error as Error & { code: string }).code);
  });
  return told;
}

/** The names of files that come and go in a folder from now on, until the test is finished. */
function filesMadeIn(path: string): string[] {
  const names: string[] = [];
  const watcher = watch(path, (_event, name) => names.push(name ?? ''));
  onTestFinished(() => watcher.close());
  return names;
}

const writeAll = (muxer: IngestMuxer, entries: readonly EntryInput[]) =>
  entries.map((entry) => muxer.writeEntry(entry));

/** Root becomes another user for these tests, who has to be able to read the checkout. */
function canBeNobody(): boolean {
  if (process.getuid?.() !== 0) return true;
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const parts = folder.split(sep);
  const above = parts.map((_, i) => parts.slice(0, i + 1).join(sep)).filter((path) => path !== '');
  return above.every((path) => (statSync(path).mode & 0o001) !== 0);
}

describe('a folder that cannot be used', () => {
  it('because it is a file is told by start, which can be called again', async () => {
    const recording = await Receiver.start();
    const path = join(temporaryDirectory(), 'cache');
    writeFileSync(path, 'something of somebody');
    const muxer = newMuxer(withCache([recording.address], 'journal', { path }));
    expect(() => muxer.start()).toThrow(CacheOpenError);
    expect(() => muxer.start()).toThrow(/is a file; give the path of a folder/);
    expect(() => muxer.writeEntry(numbered(0))).toThrow(/not started|start/);
    rmSync(path);
    muxer.start();
    await muxer.writeEntry(numbered(0));
    await muxer.sync();
    expect(recording.received).toHaveLength(1);
  });

  it.skipIf(!canBeNobody())('because of its permissions is told by start', async () => {
    const path = temporaryDirectory();
    if (process.getuid?.() !== 0) chmodSync(path, 0o500);
    const cache = { path };
    const child = ingester({ isNobody: true, targets: ['tcp://127.0.0.1:1'], cache });
    expect(await child.end()).toBe(0);
    expect(child.lastJson()).toMatchObject({
      thrown: { code: 'ERR_CACHE_OPEN', trouble: 'denied' },
    });
    chmodSync(path, 0o700);
  });

  it('because another process has it is told by start, until that one is killed', async () => {
    const recording = await Receiver.start();
    const path = temporaryDirectory();
    const child = ingester({ targets: ['tcp://127.0.0.1:1'], cache: { path } });
    await child.says('stdout', /"started"/);
    const muxer = newMuxer(withCache([recording.address], 'journal', { path }));
    let error: unknown;
    try {
      muxer.start();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CacheLockedError);
    expect(error).toMatchObject({ code: 'ERR_CACHE_LOCKED', holder: { pid: child.pid } });
    await child.end('SIGKILL');
    muxer.start();
    await muxer.writeEntry(numbered(0));
    await muxer.sync();
    await until('the entry', () => recording.received.length >= 1);
  });

  it('because another muxer of the process has it is told, until that one is closed', async () => {
    const path = temporaryDirectory();
    const first = newMuxer({
      ...withCache(['tcp://127.0.0.1:1'], 'journal', { path }),
      closeTimeout: CLOSE_MS,
    });
    first.start();
    const second = newMuxer(withCache(['tcp://127.0.0.1:1'], 'journal', { path }));
    expect(() => second.start()).toThrow(CacheLockedError);
    await first.writeBatch(numberedFrom(0, 10));
    expect(await closeAtOnce(first)).toEqual({ unconfirmed: 10, cached: 10 });
    second.start();
    await until('what the first one left', () => cacheStats(second).pendingEntries === 10);
  });

  it('as shows only later is an error event, and everything is in memory', async () => {
    const { address, listen } = await unusedAddress();
    const path = temporaryDirectory();
    writeFileSync(join(path, 'quarantine'), 'no folder');
    const { logger, lines } = collectLogs();
    const muxer = newMuxer({ ...withCache([address], 'journal', { path }), logger });
    const failed = once(muxer, 'error');
    muxer.start();
    // Some of it is handed to a cache that there will not be.
    const entries = numberedFrom(0, 2000);
    const waits = writeAll(muxer, entries);
    const [error] = await failed;
    expect(error).toBeInstanceOf(CacheOpenError);
    expect(error).toMatchObject({ code: 'ERR_CACHE_OPEN', trouble: 'not-a-folder' });
    expect(cacheStats(muxer).trouble).toBe(error);
    expect(lines.some((line) => line.includes('the cache cannot be used'))).toBe(true);
    const recording = await Receiver.start({ listen });
    await Promise.all(waits);
    await muxer.sync();
    expectEachOnce(recording.received, entries);
    const more = muxer.writeEntry(numbered(2000));
    await more;
    expect(muxer.stats().confirmedEntries).toBe(2001);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('as shows only later: close says that nothing is on the disk', async () => {
    const path = temporaryDirectory();
    writeFileSync(join(path, 'quarantine'), 'no folder');
    const muxer = newMuxer(withCache(['tcp://127.0.0.1:1'], 'fail', { path }));
    const failed = once(muxer, 'error');
    muxer.start();
    writeAll(muxer, numberedFrom(0, 100));
    await failed;
    expect(await muxer.close()).toEqual({ unconfirmed: 100, cached: 0 });
  });
});

/** No file of this process may become longer, until the limit is lifted or the test is finished. */
function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
  onTestFinished(() => {
    execFileSync('prlimit', ['--pid', `${process.pid}`, '--fsize=unlimited:']);
  });
}

const hasPrlimit = existsSync('/usr/bin/prlimit');

describe.skipIf(!hasPrlimit)('a disk that is full in the middle', () => {
  it.each(['always', 'never'] as const)(
    'is told, and a journal goes on in memory until there is room: sync %o',
    async (sync) => {
      const indexer = await ScriptedIndexer.listen({ confirms: 'never' });
      const path = temporaryDirectory();
      const { logger, lines } = collectLogs();
      const muxer = await hotMuxer({
        ...withCache([indexer.address], 'journal', { path, sync }),
        logger,
      });
      const told = watchTrouble(muxer);
      const connection = await indexer.hot(0);
      await muxer.writeBatch(numberedFrom(0, 50));
      limitFiles(12_000);
      const during = muxer.writeBatch(numberedFrom(50, 100));
      await until('the trouble', () => told.length > 0);
      expect(told).toEqual(['ERR_CACHE_WRITE']);
      const { trouble } = cacheStats(muxer);
      expect(trouble).toBeInstanceOf(CacheWriteError);
      expect(trouble).toMatchObject({ trouble: 'full' });
      const meanwhile = muxer.writeBatch(numberedFrom(100, 150));
      await connection.entries(150);
      connection.confirmThrough(150);
      // Not by the disk.
      await Promise.all([during, meanwhile]);
      expect(cacheStats(muxer).trouble).toBe(trouble);
      limitFiles('unlimited');
      await until('that it works again', () => told.length === 2);
      expect(told).toEqual(['ERR_CACHE_WRITE', undefined]);
      expect(cacheStats(muxer).trouble).toBeUndefined();
      await muxer.writeBatch(numberedFrom(150, 200));
      const stored = await cachedData(path);
      expect(stored.slice(-50)).toEqual(numberedFrom(150, 200).map(({ data }) => `${data}`));
      const noted = lines.map((line) => JSON.parse(line).msg);
      expect(
        noted.filter((msg) => msg.startsWith('the disk of the cache stores nothing')),
      ).toHaveLength(1);
      expect(noted.filter((msg) => msg === 'the cache works again')).toHaveLength(1);
      connection.confirmThrough((await connection.entries(200)).length);
      await untilEmpty(muxer);
      expectEachOnce(connection.arrivals, numberedFrom(0, 200));
    },
  );

  it.each([1, 5, 6, 20])(
    'and what was written in the last %s turns before it was told resolves by confirmation',
    async (turns) => {
      const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
      const muxer = await hotMuxer(withCache([indexer.address], 'journal'));
      const told = watchTrouble(muxer);
      await muxer.writeEntry(numbered(0));
      limitFiles(1000);
      const waits: (Promise<void> | undefined)[] = [];
      for (let i = 1; i <= turns; i++) {
        waits.push(muxer.writeEntry(numbered(i, 1000)));
        await new Promise(setImmediate);
      }
      await Promise.all(waits);
      expect(told).toEqual(['ERR_CACHE_WRITE']);
    },
  );

  it.each(['fail', 'always'] as const)(
    'loses nothing of what was to go there: %s',
    async (mode) => {
      const { address, listen } = await unusedAddress();
      const path = temporaryDirectory();
      const muxer = coldMuxer(withCache([address], mode, { path }));
      const told = watchTrouble(muxer);
      const entries = numberedFrom(0, 3000);
      await Promise.all(writeAll(muxer, entries.slice(0, 1000)));
      await untilStored(muxer);
      limitFiles(300_000);
      const waits = writeAll(muxer, entries.slice(1000, 2000));
      await until('the trouble', () => told.length > 0);
      waits.push(...writeAll(muxer, entries.slice(2000)));
      expect(muxer.stats().backlogEntries).toBeGreaterThan(0);
      const recording = await Receiver.start({ listen });
      await muxer.sync();
      await Promise.all(waits);
      expectEachOnce(recording.received, entries);
      limitFiles('unlimited');
      await until('that it works again', () => told.at(-1) === undefined);
      await untilEmpty(muxer);
    },
  );

  it('has close say how much is on the disk, and the next start brings just that', async () => {
    const { address } = await unusedAddress();
    const path = temporaryDirectory();
    const configuration = { ...withCache([address], 'always', { path }), closeTimeout: CLOSE_MS };
    const muxer = coldMuxer(configuration);
    const told = watchTrouble(muxer);
    await Promise.all(writeAll(muxer, numberedFrom(0, 1000)));
    await untilStored(muxer);
    const stored = cacheStats(muxer).entries;
    // A block that is longer fits into no file.
    limitFiles(100_000);
    writeAll(muxer, numberedFrom(1000, 2000));
    await until('the trouble', () => told.length > 0);
    const { unconfirmed, cached } = await closeAtOnce(muxer);
    limitFiles('unlimited');
    expect(unconfirmed).toBe(2000);
    expect(cached).toBeLessThan(unconfirmed);
    expect(cached).toBeGreaterThanOrEqual(stored);
    const recording = await Receiver.start();
    const next = await hotMuxer(withCache([recording.address], 'journal', { path }));
    await recording.entries(cached);
    await untilEmpty(next);
    expect(recording.received).toHaveLength(cached);
  });
});

describe('a folder that is deleted while it is used', () => {
  it('is told, entries flow, and it is used again when it is there again', async () => {
    const { address, listen } = await unusedAddress();
    const parent = temporaryDirectory();
    const path = join(parent, 'cache');
    const muxer = coldMuxer(withCache([address], 'journal', { path }));
    const told = watchTrouble(muxer);
    await muxer.writeBatch(numberedFrom(0, 50));
    rmSync(path, { recursive: true });
    const recording = await Receiver.start({ listen });
    await muxer.waitForHot();
    let written = 50;
    while (told.length === 0) {
      await muxer.writeEntry(numbered(written++, 1000));
      expect(written).toBeLessThan(20_000);
    }
    expect(told[0]).toMatch(/^ERR_CACHE_/);
    for (const end = written + 50; written < end; )
      await muxer.writeEntry(numbered(written++, 1000));
    await muxer.sync();
    expect(recording.received).toHaveLength(written);

    mkdirSync(join(path, 'quarantine'), { recursive: true });
    const files = filesMadeIn(path);
    await until('that it works again', () => told.at(-1) === undefined);
    await muxer.writeBatch(numberedFrom(written, written + 50));
    // It may be gone again: the indexer confirms at once.
    await until('a segment', () => files.some((name) => name.endsWith('.segment')));
    await muxer.sync();
    await untilEmpty(muxer);
    expect(recording.received).toHaveLength(written + 50);
  });
});

describe('permissions that are taken away while the cache is used', () => {
  it.skipIf(!canBeNobody())(
    'are told, entries flow, and it is used again when they are given back',
    async () => {
      const recording = await Receiver.start();
      const parent = temporaryDirectory();
      const path = join(parent, 'cache');
      mkdirSync(path);
      const isRoot = process.getuid?.() === 0;
      if (isRoot) {
        chmodSync(parent, 0o755);
        chownSync(path, 65534, 65534);
      }
      const cache = { path, mode: 'journal', maxBytes: 2 ** 20 };
      const child = ingester({ isNobody: true, targets: [recording.address], cache });
      await child.says('stdout', /"written":100\b/);
      chmodSync(path, 0o500);
      await child.says('stdout', /"trouble":\{"code":"ERR_CACHE_WRITE".*"trouble":"denied"/);
      const { length } = recording.received;
      await recording.entries(length + 100);
      chmodSync(path, 0o700);
      await child.says('stdout', /"trouble":null/);
      await recording.entries(length + 200);
      expect(child.stdout).not.toContain('"thrown"');
      await child.end('SIGKILL');
    },
  );
});

describe('where native modules are forbidden', () => {
  it('a cache is told to need one, and a muxer without a cache needs none', async () => {
    const { address } = await unusedAddress();
    const flags = ['--no-addons'];
    const caching = ingester(withCache([address], 'journal'), flags);
    const [, told] = await caching.says('stdout', /^(.*"thrown".*)$/m);
    expect(JSON.parse(told ?? '')).toMatchObject({
      thrown: {
        code: 'ERR_CACHE_OPEN',
        trouble: 'no-addon',
        message: expect.stringContaining('start Node.js without --no-addons'),
      },
    });
    const recording = await Receiver.start();
    const plain = ingester({ targets: [recording.address] }, flags);
    await plain.says('stdout', /"started"/);
    await recording.entries(1);
  });
});
