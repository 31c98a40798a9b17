import type { DiskFile, SegmentLog } from '@ringest/cache/internal';
import {
  CacheClosedError,
  CacheReadError,
  CacheSyncError,
  CacheWriteError,
  InvalidBlockError,
  UnknownSegmentError,
} from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { appendText, openLog, readTexts, TAGS, thrown } from './logs.js';
import { failure, SimulatedDisk } from './simulated-disk.js';

/** A disk whose operations fail while `fails` says so, by their beginning; see `operations`. */
class FailingDisk extends SimulatedDisk {
  fails: (operation: string) => boolean = () => false;
  /** Bytes that a write stores before it fails. */
  partBytes = 0;

  constructor() {
    super(new Random(1));
  }

  override create(...name: Parameters<SimulatedDisk['create']>): DiskFile {
    this.#check('create');
    return this.#wrap(super.create(...name));
  }

  override open(...name: Parameters<SimulatedDisk['open']>): DiskFile {
    this.#check('open');
    return this.#wrap(super.open(...name));
  }

  override remove(...name: Parameters<SimulatedDisk['remove']>): void {
    this.#check('remove');
    super.remove(...name);
  }

  override syncFolder(...name: Parameters<SimulatedDisk['syncFolder']>): void {
    this.#check('syncFolder');
    super.syncFolder(...name);
  }

  override beginSyncFolder(...[folder, done]: Parameters<SimulatedDisk['beginSyncFolder']>): void {
    super.beginSyncFolder(folder, (error) => {
      done(this.fails('syncFolder') ? failure('EIO', 'syncFolder') : error);
    });
  }

  #wrap(file: DiskFile): DiskFile {
    return {
      ...file,
      read: (target, at) => {
        this.#check('read');
        return file.read(target, at);
      },
      write: (bytes, at) => {
        if (this.fails('write') && this.partBytes > 0)
          file.write(bytes.subarray(0, this.partBytes), at);
        this.#check('write');
        return file.write(bytes, at);
      },
      truncate: (size) => {
        this.#check('truncate');
        file.truncate(size);
      },
      sync: () => {
        this.#check('sync');
        file.sync();
      },
      beginSync: (done) => {
        file.beginSync((error) => {
          done(this.fails('sync') ? failure('EIO', 'sync') : error);
        });
      },
    };
  }

  #check(operation: string): void {
    if (this.fails(operation)) throw failure('ENOSPC', operation);
  }
}

test('a block that would make the segment too long begins a new one; a longer block has its own', () => {
  const log = openLog(new SimulatedDisk(new Random(1)), 300);
  const places = [100, 100, 1000, 10].map((bytes) => log.append(Buffer.alloc(bytes), 1, []));

  expect(places.map(({ segment }) => segment)).toEqual([1, 2, 3, 4]);
  expect(log.segments().map(({ isSealed }) => isSealed)).toEqual([true, true, true, false]);
  expect(log.append(Buffer.alloc(10), 1, []).segment).toBe(4);
});

test('a sealed segment is not appended to', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  appendText(log, 'one');
  log.seal();
  log.seal();
  appendText(log, 'two');

  expect(log.segments().map(({ isSealed }) => isSealed)).toEqual([true, false]);
  expect(readTexts(log)).toEqual(['one', 'two']);
});

test('a reading goes as far as the segment went when it was asked for', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  appendText(log, 'one');
  const reading = log.read(1);
  appendText(log, 'two');

  expect([...reading].map(({ frames }) => frames.toString())).toEqual(['one']);
  expect(readTexts(log)).toEqual(['one', 'two']);
});

test('a removed segment is gone, counts no more and cannot be asked for', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'one');
  log.seal();
  appendText(log, 'two');
  log.remove(1);

  expect(readTexts(log)).toEqual(['two']);
  expect(log.bytes).toBe(disk.file('segments', '0000000000000002.segment').bytes.length);
  expect(thrown(UnknownSegmentError, () => log.remove(1)).segment).toBe(1);
  expect(() => log.read(1)).toThrow(UnknownSegmentError);
  log.remove(2);
  expect([log.bytes, log.segments()]).toEqual([0, []]);
  appendText(log, 'three');
  expect(readTexts(log)).toEqual(['three']);
});

test.each([1, 2, 3, 4, 5, 6])(
  'what an earlier run removed stays away once a sync has succeeded (%i)',
  (seed) => {
    const disk = new SimulatedDisk(new Random(seed));
    const log = openLog(disk);
    appendText(log, 'one');
    log.sync();
    log.remove(1);
    log.close();
    openLog(disk).sync();
    disk.cutPower();

    expect(readTexts(openLog(disk))).toEqual([]);
  },
);

test('a segment with damage is removed only once the quarantine is certain to have it', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  const { bytes } = disk.file('segments', '0000000000000001.segment');
  bytes.write('x', bytes.indexOf('one'));
  expect(readTexts(log)).toEqual([]);
  disk.fails = (operation) => operation === 'syncFolder';
  expect(() => log.remove(1)).toThrow(CacheWriteError);
  expect(disk.names('segments')).toHaveLength(1);
  disk.fails = () => false;
  log.remove(1);
  expect(disk.names('segments')).toHaveLength(0);
});

test.each([0, 10, 50])('of an append that fails after %i bytes nothing stays', (partBytes) => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  const { bytes } = log;
  disk.partBytes = partBytes;
  disk.fails = (operation) => operation === 'write';
  const error = thrown(CacheWriteError, () => log.append(Buffer.alloc(100), 1, [...TAGS, 'new']));
  expect(error).toMatchObject({ code: 'ERR_CACHE_WRITE', trouble: 'full', path: '/simulated' });
  expect(error.message).toContain('the disk is full');
  disk.fails = () => false;
  appendText(log, 'two');

  expect(log.segments()).toMatchObject([{ id: 1, entries: 2 }]);
  expect(log.bytes).toBeGreaterThan(bytes);
  expect(readTexts(log)).toEqual(['one', 'two']);
  expect(readTexts(openLog(disk))).toEqual(['one', 'two']);
});

test('where a failed append cannot be taken back either, the segment ends before it', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  disk.partBytes = 40;
  disk.fails = (operation) => operation === 'write' || operation === 'truncate';
  expect(() => log.append(Buffer.alloc(100), 1, TAGS)).toThrow(CacheWriteError);
  disk.fails = () => false;
  appendText(log, 'two');

  expect(log.segments().map(({ id, isSealed }) => [id, isSealed])).toEqual([
    [1, true],
    [2, false],
  ]);
  expect(readTexts(log)).toEqual(['one', 'two']);
  log.sync();
  const again = openLog(disk);
  expect(readTexts(again)).toEqual(['one', 'two']);
  expect(again.recovery.torn).toEqual([]);
});

test('a segment that could not be begun leaves no file, at the latest after the next sync', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  disk.fails = (operation) => operation === 'write' || operation === 'remove';
  expect(() => appendText(log, 'one')).toThrow(CacheWriteError);
  expect(disk.names('segments')).toHaveLength(1);
  expect(log.segments()).toEqual([]);
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBeUndefined();
  disk.fails = () => false;
  log.sync();

  expect(disk.names('segments')).toEqual([]);
  appendText(log, 'two');
  expect(readTexts(log)).toEqual(['two']);
});

test('a new segment that cannot be created leaves the old one in use', () => {
  const disk = new FailingDisk();
  const log = openLog(disk, 200);
  appendText(log, 'one');
  disk.fails = (operation) => operation === 'create';
  expect(() => log.append(Buffer.alloc(200), 1, TAGS)).toThrow(CacheWriteError);
  disk.fails = () => false;
  appendText(log, 'two');

  expect(log.segments()).toMatchObject([{ id: 1, entries: 2, isSealed: false }]);
});

test('a failed sync tells from where on to append again, and what it covered before stays', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 10);
  log.sync();
  appendText(log, 'two', 5);
  log.seal();
  appendText(log, 'three', 5);
  disk.fails = (operation) => operation === 'sync';
  const error = thrown(CacheSyncError, () => log.sync());
  expect(error).toMatchObject({ code: 'ERR_CACHE_SYNC', sequence: 10 });
  expect(readTexts(log)).toEqual(['one']);
  expect(disk.names('segments')).toHaveLength(1);
  disk.fails = () => false;

  expect(log.append(Buffer.from('again'), 10, TAGS)).toEqual({ segment: 3, sequence: 20 });
  log.sync();
  disk.cutPower();
  expect(readTexts(openLog(disk))).toEqual(['one', 'again']);
});

test('after a failed sync none succeeds before what was given up is cut off for good', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  log.sync();
  appendText(log, 'two');
  disk.fails = (operation) => operation === 'sync' || operation === 'truncate';
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBe(1);
  disk.fails = (operation) => operation === 'truncate';
  appendText(log, 'again');
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBeUndefined();
  expect(readTexts(log)).toEqual(['one', 'again']);
  disk.fails = () => false;
  log.sync();

  expect(readTexts(openLog(disk))).toEqual(['one', 'again']);
});

test('a new segment whose name is not certain to stay is given up with all that is in it', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 3);
  log.sync();
  log.seal();
  appendText(log, 'two', 2);
  disk.fails = (operation) => operation === 'syncFolder';
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBe(3);
  disk.fails = () => false;
  log.sync();

  expect(readTexts(log)).toEqual(['one']);
  expect(disk.names('segments')).toHaveLength(1);
});

test('a removal that fails leaves the segment as it is', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  disk.fails = (operation) => operation === 'remove';
  expect(() => log.remove(1)).toThrow(CacheWriteError);
  disk.fails = () => false;
  appendText(log, 'two');

  expect(readTexts(log)).toEqual(['one', 'two']);
});

test('a segment that cannot be read is told, and can be read when the disk is well again', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  disk.fails = (operation) => operation === 'read';
  const error = thrown(CacheReadError, () => readTexts(log));
  expect(error).toMatchObject({ code: 'ERR_CACHE_READ', segment: 1 });
  disk.fails = () => false;
  expect(readTexts(log)).toEqual(['one']);
});

test('a sync reaches every segment, however many were filled since the last one', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk, 1);
  const texts = Array.from({ length: 40 }, (_, index) => `entry ${index}`);
  for (const text of texts) appendText(log, text);
  log.sync();
  disk.cutPower();

  expect(readTexts(openLog(disk))).toEqual(texts);
});

test('a sync with nothing to do asks nothing of the disk', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'one');
  log.sync();
  const count = disk.operations.length;
  log.sync();

  expect(disk.operations).toHaveLength(count);
});

/** Begins a sync; what it gives, has what was told at its end. */
function beginSync(log: SegmentLog): (CacheSyncError | undefined)[] {
  const ends: (CacheSyncError | undefined)[] = [];
  log.beginSync((error) => void ends.push(error));
  return ends;
}

test('a sync that was begun covers what was appended before, and the next one the rest', () => {
  for (let seed = 0; seed < 10; seed++) {
    const disk = new SimulatedDisk(new Random(seed));
    const log = openLog(disk);
    appendText(log, 'one');
    const ends = beginSync(log);
    expect(log.isSyncing).toBe(true);
    appendText(log, 'two');
    log.seal();
    appendText(log, 'three');
    expect(readTexts(log)).toEqual(['one', 'two', 'three']);
    expect(ends).toEqual([]);
    disk.endSyncs();
    expect(ends).toEqual([undefined]);
    if (seed % 2 === 0) {
      beginSync(log);
      disk.endSyncs();
    }
    disk.cutPower();

    const texts = ['one', 'two', 'three'];
    const left = readTexts(openLog(disk));
    expect(left).toEqual(seed % 2 === 0 ? texts : texts.filter((text) => left.includes(text)));
    expect(left).toContain('one');
  }
});

test('a new segment counts only once its name is synced, too', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 4);
  const ends = beginSync(log);
  disk.endSync();
  expect(log.isSyncing).toBe(true);
  disk.fails = (operation) => operation === 'syncFolder';
  disk.endSync();

  expect(ends).toMatchObject([{ code: 'ERR_CACHE_SYNC', sequence: 0 }]);
  expect(log.segments()).toEqual([]);
});

test('a sync that fails late takes back what was appended meanwhile, in its file and in later ones', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 10);
  log.sync();
  appendText(log, 'two', 5);
  const ends = beginSync(log);
  appendText(log, 'three', 5);
  log.seal();
  appendText(log, 'four', 5);
  disk.fails = (operation) => operation === 'sync';
  disk.endSyncs();
  disk.fails = () => false;

  expect(ends).toMatchObject([{ code: 'ERR_CACHE_SYNC', sequence: 10 }]);
  expect(log.isSyncing).toBe(false);
  expect(readTexts(log)).toEqual(['one']);
  expect(log.append(Buffer.from('again'), 15, TAGS)).toEqual({ segment: 3, sequence: 25 });
  log.sync();
  disk.cutPower();
  expect(readTexts(openLog(disk))).toEqual(['one', 'again']);
});

test('of a file that is removed while it is synced, it does not matter whether that fails', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  for (const text of ['one', 'two', 'three']) {
    appendText(log, text);
    log.seal();
  }
  const ends = beginSync(log);
  log.remove(1);
  log.remove(2);
  disk.fails = (operation) => operation === 'sync';
  disk.endSync();
  disk.fails = () => false;
  disk.endSyncs();

  expect(ends).toEqual([undefined]);
  disk.cutPower();
  expect(readTexts(openLog(disk))).toContain('three');
  expect(disk.misuses).toEqual([]);
});

test('a sync is refused while another one is under way, and gives nothing up', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'one');
  const ends = beginSync(log);
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBeUndefined();
  expect(beginSync(log)).toMatchObject([{ code: 'ERR_CACHE_SYNC', sequence: undefined }]);
  disk.endSyncs();

  expect(ends).toEqual([undefined]);
  log.sync();
  expect(readTexts(log)).toEqual(['one']);
  expect(disk.misuses).toEqual([]);
});

test('a log that is closed while it is synced leaves the disk as it is', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one');
  const ends = beginSync(log);
  log.close();
  disk.fails = (operation) => operation === 'sync';
  disk.endSyncs();
  disk.fails = () => false;

  expect(ends).toEqual([]);
  expect(log.isSyncing).toBe(false);
  expect(readTexts(openLog(disk))).toEqual(['one']);
});

test('a file that is sealed while it is synced is closed after that', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'one');
  beginSync(log);
  log.seal();
  expect(disk.openFiles).toBe(1);
  disk.endSyncs();
  expect(disk.openFiles).toBe(0);
});

test('what was appended while a sync succeeded is taken back when the next one fails', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 10);
  beginSync(log);
  appendText(log, 'two', 5);
  disk.endSyncs();
  disk.fails = (operation) => operation === 'sync';
  expect(thrown(CacheSyncError, () => log.sync()).sequence).toBe(10);
  expect(readTexts(log)).toEqual(['one']);
});

test('of files that fail together, one that has nothing to lose takes nothing back', () => {
  const disk = new FailingDisk();
  const earlier = openLog(disk);
  appendText(earlier, 'one', 10);
  earlier.close();
  const log = openLog(disk);
  appendText(log, 'two', 5);
  const ends = beginSync(log);
  disk.fails = (operation) => operation === 'sync';
  disk.endSyncs();

  expect(ends).toMatchObject([{ code: 'ERR_CACHE_SYNC', sequence: 10 }]);
  expect(readTexts(log)).toEqual(['one']);
});

test('of files that fail together, all is taken back from the oldest on that is still there', () => {
  const disk = new FailingDisk();
  const log = openLog(disk);
  appendText(log, 'one', 10);
  log.sync();
  for (const text of ['two', 'three', 'four']) {
    appendText(log, text, 5);
    log.seal();
  }
  const ends = beginSync(log);
  log.remove(1);
  disk.fails = (operation) => operation === 'sync';
  disk.endSync(2);
  disk.endSyncs();
  disk.fails = () => false;

  expect(ends).toMatchObject([{ code: 'ERR_CACHE_SYNC', sequence: 15 }]);
  expect(readTexts(log)).toEqual([]);
});

test('a block without an entry is refused', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  expect(() => log.append(Buffer.alloc(0), 1, [])).toThrow(InvalidBlockError);
  expect(() => log.append(Buffer.alloc(1), 0, [])).toThrow(InvalidBlockError);
});

test('a closed log can be closed again and does nothing else', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  appendText(log, 'one');
  log.close();
  log.close();
  expect(() => appendText(log, 'two')).toThrow(CacheClosedError);
  expect(() => log.sync()).toThrow(CacheClosedError);
  expect(() => log.read(1)).toThrow(CacheClosedError);
});

test('the next run reads segments by the order that they were given, and else by their number', () => {
  const disk = new SimulatedDisk(new Random(1));
  const first = openLog(disk);
  const append = (log: SegmentLog, text: string, order?: number) =>
    log.append(Buffer.from(text), 1, TAGS, order);
  append(first, 'first of a run');
  first.sync();
  first.close();
  const second = openLog(disk);
  append(second, 'waited');
  append(second, 'under way', 1.5);
  append(second, 'under way too', 1.5);
  second.seal();
  append(second, 'under way, in another segment', 1.5);
  append(second, 'older than all', 0.5);
  second.sync();
  // As they were begun, as long as it is open.
  expect(second.segments().map(({ id, order }) => [id, order])).toEqual([
    [1, 1],
    [2, 2],
    [3, 1.5],
    [4, 1.5],
    [5, 0.5],
  ]);
  second.close();

  const third = openLog(disk);
  expect(readTexts(third)).toEqual([
    'older than all',
    'first of a run',
    'under way',
    'under way too',
    'under way, in another segment',
    'waited',
  ]);
  expect(append(third, 'new')).toEqual({ segment: 6, sequence: 6 });
});
