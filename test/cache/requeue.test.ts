import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CacheLockedError, lockFolder, NodeDisk, requeueOn } from '@ringest/cache/internal';
import { dumpCache, requeueQuarantine } from '@ringest/cache/tools';
import { encodedSize, encodeFrame } from '@ringest/workers';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { forSeeds, scaled } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { openLog, readTexts } from './logs.js';
import { NO_FAULTS, SimulatedDisk } from './simulated-disk.js';

const NAME = '0000000000000001.segment';

function frame(tag: number, data: string): Buffer {
  const parts = { seconds: 1, nanoseconds: 5, tag, source: undefined, data, values: undefined };
  const bytes = Buffer.alloc(encodedSize(parts));
  encodeFrame(parts, bytes);
  return bytes;
}

/** A cache with a segment of three blocks. */
function cacheOf(): string {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path));
  log.append(Buffer.concat([frame(0, 'a0'), frame(1, 'a1')]), 2, ['one', 'two']);
  log.append(frame(1, 'bb'), 1, ['one', 'two']);
  log.append(frame(65535, 'cc'), 1, ['one', 'two']);
  log.sync();
  log.close();
  return path;
}

/** Changes a text in a file. */
function alter(file: string, from: string, to: string): void {
  const bytes = readFileSync(file);
  bytes.write(to, bytes.indexOf(from));
  writeFileSync(file, bytes);
}

/** Opens a cache as a muxer does: damage goes to the quarantine. */
const openAndClose = (path: string) => openLog(new NodeDisk(path)).close();

const quarantine = (path: string) => readdirSync(join(path, 'quarantine')).sort();

/** The entries of a cache, as `tag data`. */
async function entriesOf(path: string): Promise<string[]> {
  const found: string[] = [];
  await dumpCache(path, {
    report: () => {},
    entry: async (entry) => {
      const { tag, data } = entry as { readonly tag: string; readonly data: string };
      found.push(`${tag} ${data}`);
    },
  });
  return found;
}

function requeue(path: string, options: { damaged?: boolean; tag?: string } = {}) {
  const lines: string[] = [];
  const { damaged = false, tag } = options;
  const report = (line: string) => lines.push(line);
  return { ...requeueQuarantine(path, { damaged, tag, report }), lines };
}

/** A cache whose only segment is in quarantine. */
function withSegmentAside(): string {
  const path = cacheOf();
  renameSync(join(path, NAME), join(path, 'quarantine', NAME));
  return path;
}

test('a whole segment in quarantine gets back into the cache, with its tags', async () => {
  const path = withSegmentAside();
  expect(await entriesOf(path)).toEqual([]);
  expect(requeue(path)).toMatchObject({ entries: 4, removed: 1, kept: 0 });
  expect(await entriesOf(path)).toEqual(['one a0', 'two a1', 'two bb', 'gravwell cc']);
  expect(quarantine(path)).toEqual([]);
  expect(requeue(path)).toMatchObject({ entries: 0, removed: 0, kept: 0 });
});

test('the damage in such a segment stays in quarantine, in a file of its own', async () => {
  const path = withSegmentAside();
  alter(join(path, 'quarantine', NAME), 'bb', 'xx');
  const { lines, ...totals } = requeue(path);
  expect(totals).toEqual({ entries: 3, removed: 0, kept: 1 });
  expect(lines[0]).toMatch(/stays in quarantine: its checksum does not fit/);
  expect(await entriesOf(path)).toEqual(['one a0', 'two a1', 'gravwell cc']);
  expect(quarantine(path)).toEqual([expect.stringMatching(/^0000000000000001-\d+$/)]);
  expect(requeue(path)).toMatchObject({ entries: 0, removed: 0, kept: 1 });
});

test('a damaged part is taken only when it is asked for, with the tags of its segment', async () => {
  const path = cacheOf();
  alter(join(path, NAME), 'a1', 'xx');
  openAndClose(path);
  expect(quarantine(path)).toHaveLength(1);
  expect(requeue(path)).toMatchObject({ entries: 0, removed: 0, kept: 1 });
  expect(await entriesOf(path)).toEqual(['two bb', 'gravwell cc']);
  expect(requeue(path, { damaged: true })).toMatchObject({ entries: 2, removed: 1, kept: 0 });
  expect(await entriesOf(path)).toEqual(['two bb', 'gravwell cc', 'one a0', 'two xx']);
  expect(quarantine(path)).toEqual([]);
});

test('a part whose segment is gone needs a tag', async () => {
  const path = cacheOf();
  alter(join(path, NAME), 'a1', 'xx');
  openAndClose(path);
  rmSync(join(path, NAME));
  const { lines, kept } = requeue(path, { damaged: true });
  expect([kept, lines[0]]).toEqual([1, expect.stringContaining('tags are not known')]);
  expect(requeue(path, { damaged: true, tag: 'found' })).toMatchObject({ entries: 2, kept: 0 });
  expect(await entriesOf(path)).toEqual(['found a0', 'found xx']);
});

test('what is no block of entries stays as it is', () => {
  const path = cacheOf();
  const names = ['0000000000000001-20', '0000000000000007.segment', 'notes.txt'];
  for (const name of names) writeFileSync(join(path, 'quarantine', name), `${name} is none`);
  expect(requeue(path, { damaged: true, tag: 'x' })).toMatchObject({ entries: 0, kept: 2 });
  expect(quarantine(path)).toEqual(names);
  for (const name of names) {
    expect(readFileSync(join(path, 'quarantine', name), 'utf8')).toBe(`${name} is none`);
  }
});

const COUNT_ONCE = [1, 1, 1, 1];
const AT_LEAST_ONCE = COUNT_ONCE.map(() => expect.toSatisfy((count: number) => count >= 1));

test.each([
  ['and none is there twice', { failure: 0, sync: 0, short: 0.2, death: 0.1 }, COUNT_ONCE],
  [
    'also when the disk fails',
    { failure: 0.05, sync: 0.05, short: 0.2, death: 0.05 },
    AT_LEAST_ONCE,
  ],
] as const)(
  'loses no entry when the process dies or the power goes, %s',
  (_what, faults, counts) => {
    const segment = readFileSync(join(withSegmentAside(), 'quarantine', NAME));
    forSeeds(scaled(60, 3000), (seed) => {
      const random = new Random(seed);
      const disk = new SimulatedDisk(random);
      disk.put('quarantine', NAME, segment);
      const options = { damaged: false, tag: undefined, report: () => {} };
      for (let attempt = 0; attempt < 3; attempt++) {
        disk.faults = faults;
        try {
          requeueOn(disk, options);
        } catch {
          // The operator tries again.
        }
        disk.faults = NO_FAULTS;
        if (random.chance(0.5)) disk.cutPower();
        else disk.restart();
      }
      // What was removed before may be there again after the first one.
      for (let last = 0; last < 2; last++) {
        requeueOn(disk, options);
        disk.cutPower();
      }
      const found = readTexts(openLog(disk)).join('');
      expect(['a0', 'a1', 'bb', 'cc'].map((data) => found.split(data).length - 1)).toEqual(counts);
      expect(disk.names('quarantine')).not.toContain(NAME);
    });
  },
);

test('a run that was killed in between is made good by the next, with nothing twice', async () => {
  const path = withSegmentAside();
  const file = join(path, 'quarantine', NAME);
  alter(file, 'bb', 'xx');
  const aside = readFileSync(file);
  expect(requeue(path)).toMatchObject({ entries: 3, kept: 1 });
  // As if it had been killed before it could remove the file.
  writeFileSync(file, aside);
  const { lines, ...totals } = requeue(path, { damaged: true });
  expect(totals).toEqual({ entries: 4, removed: 1, kept: 0 });
  expect(lines).toEqual([
    `${NAME}: 4 entries back in the cache, 3 of them since a run that was interrupted`,
  ]);
  expect(await entriesOf(path)).toEqual(['one a0', 'two a1', 'two xx', 'gravwell cc']);
  expect(quarantine(path)).toEqual([]);
});

test('a cache that a muxer uses is left alone', () => {
  const path = withSegmentAside();
  const lock = lockFolder(path);
  expect(() => requeue(path)).toThrow(CacheLockedError);
  lock.release();
  expect(quarantine(path)).toEqual([NAME]);
});
