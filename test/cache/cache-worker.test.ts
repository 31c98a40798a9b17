import { RETRY_MS } from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { openLog, readTexts } from './logs.js';
import { failure, NO_FAULTS, SimulatedDisk } from './simulated-disk.js';
import { type Settings, WorkerBench } from './worker-bench.js';

const newDisk = () => new SimulatedDisk(new Random(1));
const ALL_FAIL = { ...NO_FAULTS, failure: 1 };
const SYNC_FAILS = { ...NO_FAULTS, sync: 1 };

function newBench(settings: Settings = {}, disk = newDisk()) {
  return { disk, bench: new WorkerBench(disk, settings) };
}

const syncs = (disk: SimulatedDisk) =>
  disk.operations.filter((operation) => operation.startsWith('sync segments/')).length;

test('blocks that come together are synced together, and then told as stored', () => {
  const { disk, bench } = newBench({ sync: 'always' });
  bench.pass(0);
  for (const text of ['one', 'two', 'three']) bench.append(text);
  expect(bench.of('stored')).toEqual([]);
  bench.pass(0);

  expect(bench.of('stored')).toEqual([{ kind: 'stored', key: 3, sequence: 3 }]);
  expect(syncs(disk)).toBe(1);
});

test('a sync every so often covers what has come until then', () => {
  const { disk, bench } = newBench({ sync: { everyMs: 10 } });
  bench.pass(100);
  bench.append('one');
  bench.pass(9);
  bench.append('two');
  expect(bench.stored.size).toBe(0);
  bench.pass(1);
  expect([...bench.stored]).toEqual([1, 2]);
  bench.pass(1000);
  expect(syncs(disk)).toBe(1);
});

test('blocks that come while a sync is under way are stored with the next one, all together', () => {
  const { disk, bench } = newBench({ sync: 'always' });
  bench.pass(0);
  bench.isSlow = true;
  bench.append('one');
  bench.pass(0);
  for (const text of ['two', 'three']) {
    bench.append(text);
    bench.pass(0);
  }
  expect(bench.places.size).toBe(3);
  expect(syncs(disk)).toBe(1);
  disk.endSync();
  disk.endSync();
  expect(bench.of('stored')).toEqual([{ kind: 'stored', key: 1, sequence: 1 }]);
  expect(syncs(disk)).toBe(2);
  disk.endSyncs();
  expect(bench.of('stored').slice(1)).toEqual([{ kind: 'stored', key: 3, sequence: 3 }]);
  bench.pass(0);
  expect(syncs(disk)).toBe(2);
});

test('a sync begins a while after the beginning of the last one, or after its end if that is later', () => {
  const { disk, bench } = newBench({ sync: { everyMs: 10 } });
  bench.pass(100);
  bench.isSlow = true;
  bench.append('one');
  bench.pass(10);
  bench.append('two');
  disk.endSyncs();
  bench.pass(9);
  expect([syncs(disk), ...bench.stored]).toEqual([1, 1]);
  bench.pass(1);
  expect(syncs(disk)).toBe(2);

  bench.append('three');
  bench.pass(30);
  expect(syncs(disk)).toBe(2);
  disk.endSyncs();
  expect([syncs(disk), ...bench.stored]).toEqual([3, 1, 2, 3]);
});

test('a sync that is asked for does not wait for its time, but for the one that is under way', () => {
  const { disk, bench } = newBench({ sync: { everyMs: 1000 } });
  bench.pass(1000);
  bench.isSlow = true;
  bench.append('one');
  bench.tell({ kind: 'sync' });
  bench.append('two');
  bench.tell({ kind: 'sync' });
  expect(syncs(disk)).toBe(1);
  disk.endSyncs();

  expect(syncs(disk)).toBe(2);
  expect([...bench.stored]).toEqual([1, 2]);
  bench.pass(5000);
  expect(syncs(disk)).toBe(2);
});

test('what was appended while a sync failed waits again, too', () => {
  const { disk, bench } = newBench();
  bench.pass(0);
  bench.isSlow = true;
  disk.faults = SYNC_FAILS;
  bench.append('one');
  bench.pass(0);
  disk.faults = NO_FAULTS;
  bench.append('two');
  disk.endSyncs();
  expect(bench.of('takenBack')).toEqual([{ kind: 'takenBack', key: 1 }]);
  expect(bench.of('trouble')).toHaveLength(1);

  bench.pass(RETRY_MS);
  expect([...bench.stored]).toEqual([1, 2]);
  expect(bench.readAll()).toEqual(['one', 'two']);
});

test('what is tried again waits for the end of a sync that is under way', () => {
  const { disk, bench } = newBench({ maxSegmentBytes: 1 });
  bench.pass(0);
  bench.isSlow = true;
  bench.append('one');
  bench.pass(0);
  disk.faults = ALL_FAIL;
  bench.append('two');
  disk.faults = NO_FAULTS;
  bench.pass(RETRY_MS * 3);
  expect(bench.of('trouble')).toHaveLength(1);
  disk.endSyncs();

  expect([...bench.stored]).toEqual([1, 2]);
  expect(bench.of('trouble').map(({ problem }) => problem)).toEqual([expect.anything(), undefined]);
  expect(disk.misuses).toEqual([]);
});

test('a segment is not dropped before a sync that is under way has ended, and the cache is not full so long', () => {
  const { disk, bench } = newBench({
    maxBytes: 700,
    maxSegmentBytes: 300,
    whenFull: 'drop-oldest',
    sync: { everyMs: 10 },
  });
  bench.pass(10);
  for (const text of ['a', 'b']) bench.append(text.repeat(150));
  bench.isSlow = true;
  bench.pass(10);
  for (const text of ['c', 'd']) bench.append(text.repeat(150));
  expect(bench.of('dropped')).toEqual([]);
  disk.endSyncs();

  expect(bench.of('dropped').map(({ segment }) => segment)).toEqual([1, 2]);
  expect(bench.places.size).toBe(4);
  expect(bench.of('full')).toEqual([]);
  expect(bench.said.findIndex(({ kind }) => kind === 'stored')).toBeLessThan(
    bench.said.findIndex(({ kind }) => kind === 'dropped'),
  );
});

test('the end comes after a sync that is under way, whatever becomes of that', () => {
  for (const faults of [NO_FAULTS, SYNC_FAILS]) {
    const { disk, bench } = newBench({ sync: { everyMs: 10 } });
    bench.pass(10);
    bench.isSlow = true;
    disk.faults = faults;
    bench.append('one');
    bench.pass(10);
    disk.faults = NO_FAULTS;
    bench.append('two');
    bench.tell({ kind: 'close' });
    bench.pass(10 * RETRY_MS);
    expect(bench.isEnded).toBe(false);
    disk.endSyncs();

    expect(bench.of('closed')).toEqual([{ kind: 'closed', problem: undefined }]);
    expect(bench.of('trouble')).toEqual([]);
    expect([...bench.stored]).toEqual([1, 2]);
    expect(readTexts(openLog(disk))).toEqual(['one', 'two']);
    expect(disk.misuses).toEqual([]);
  }
});

test('without syncs a block counts as stored once the system has it, and the end syncs all the same', () => {
  const { disk, bench } = newBench({ sync: 'never' });
  bench.append('one');
  expect([...bench.stored]).toEqual([1]);
  bench.pass(10_000);
  expect(syncs(disk)).toBe(0);
  bench.tell({ kind: 'close' });
  expect(syncs(disk)).toBe(1);
});

test('where the end cannot sync, what was told as stored without a sync stays', () => {
  const { disk, bench } = newBench({ sync: 'never' });
  bench.append('one');
  disk.faults = SYNC_FAILS;
  bench.tell({ kind: 'close' });
  disk.faults = NO_FAULTS;

  expect(bench.of('closed')[0]?.problem?.code).toBe('ERR_CACHE_SYNC');
  expect(readTexts(openLog(disk))).toEqual(['one']);
});

test('a disk that takes nothing is told once, tried again, and told once more when it does', () => {
  const { disk, bench } = newBench();
  disk.faults = ALL_FAIL;
  for (const text of ['one', 'two']) bench.append(text);
  bench.pass(RETRY_MS * 10);
  expect(bench.of('trouble')).toHaveLength(1);
  expect(bench.of('trouble')[0]?.problem).toMatchObject({ code: 'ERR_CACHE_WRITE' });
  expect(bench.stored.size).toBe(0);

  disk.faults = NO_FAULTS;
  bench.append('three');
  bench.pass(RETRY_MS);
  expect(bench.of('trouble').map(({ problem }) => problem)).toEqual([expect.anything(), undefined]);
  expect([...bench.stored]).toEqual([1, 2, 3]);
  expect(bench.readAll()).toEqual(['one', 'two', 'three']);
});

test('what a failed sync takes out is appended again, in its order, and stored only then', () => {
  const { disk, bench } = newBench();
  bench.append('one');
  bench.pass(0);
  disk.faults = SYNC_FAILS;
  for (const text of ['two', 'three']) bench.append(text);
  bench.pass(0);
  expect(bench.of('takenBack')).toEqual([{ kind: 'takenBack', key: 2 }]);
  expect([...bench.stored]).toEqual([1]);

  disk.faults = NO_FAULTS;
  bench.append('four');
  bench.pass(RETRY_MS);
  expect(bench.of('stored').at(-1)).toMatchObject({ key: 4 });
  expect(bench.readAll()).toEqual(['one', 'two', 'three', 'four']);
});

test('a full cache waits until a segment is removed', () => {
  const { bench } = newBench({ maxBytes: 1000, maxSegmentBytes: 300 });
  for (let number = 0; number < 10; number++) bench.append(`${number}`.repeat(150));
  bench.pass(0);
  expect(bench.of('full')).toEqual([{ kind: 'full', isFull: true }]);
  const [oldest] = bench.segments;
  const stored = bench.stored.size;
  expect(stored).toBeLessThan(10);
  expect(bench.of('size').every(({ bytes }) => bytes <= 1000)).toBe(true);

  bench.tell({ kind: 'remove', segment: oldest?.id ?? 0 });
  bench.pass(0);
  expect(bench.stored.size).toBe(stored + 1);
  while (bench.segments.length > 0 && bench.stored.size < 10) {
    bench.tell({ kind: 'remove', segment: bench.segments[0]?.id ?? 0 });
    bench.pass(0);
  }
  expect(bench.of('full').at(-1)).toEqual({ kind: 'full', isFull: false });
});

test('a full cache that drops the oldest drops whole segments, and tells how many entries', () => {
  const { bench } = newBench({ maxBytes: 1000, maxSegmentBytes: 300, whenFull: 'drop-oldest' });
  for (let number = 0; number < 10; number++) bench.append(`${number}`.repeat(150), 2);
  bench.pass(0);

  expect(bench.stored.size).toBe(10);
  const texts = bench.readAll();
  const dropped = bench.of('dropped');
  expect(dropped.reduce((sum, { entries }) => sum + entries, 0)).toBe((10 - texts.length) * 2);
  expect(dropped.map(({ segment }) => segment)).toEqual(dropped.map((_, at) => at + 1));
  expect(texts.at(-1)).toBe('9'.repeat(150));
  expect(bench.of('size').every(({ bytes }) => bytes <= 1000)).toBe(true);
  expect(bench.of('full')).toEqual([]);
});

test('nothing is dropped while the limit does not count, nor at a close', () => {
  const settings = { maxBytes: 700, maxSegmentBytes: 300, whenFull: 'drop-oldest' } as const;
  for (const end of [{ kind: 'limit', isLimited: false }, { kind: 'close' }] as const) {
    const { disk, bench } = newBench(settings);
    disk.faults = ALL_FAIL;
    for (let number = 0; number < 6; number++) bench.append(`${number}`.repeat(150));
    disk.faults = NO_FAULTS;
    bench.tell(end);
    bench.pass(RETRY_MS * 3);
    expect(bench.of('dropped')).toEqual([]);
    expect(bench.stored.size).toBe(6);
  }
});

test('a segment that is being read is not dropped', () => {
  const { bench } = newBench({ maxBytes: 700, maxSegmentBytes: 300, whenFull: 'drop-oldest' });
  for (const text of ['a', 'b']) bench.append(text.repeat(150));
  bench.pass(0);
  bench.tell({ kind: 'read', segment: 1, from: 0 });
  for (const text of ['c', 'd', 'e']) bench.append(text.repeat(150));
  bench.pass(0);

  expect(bench.of('dropped').map(({ segment }) => segment)).not.toContain(1);
  expect(bench.segments.map(({ id }) => id)).toContain(1);
  bench.tell({ kind: 'stop', segment: 1 });
  for (const text of ['f', 'g', 'h']) bench.append(text.repeat(150));
  bench.pass(0);
  expect(bench.of('dropped').map(({ segment }) => segment)).toContain(1);
});

test('a segment is read part by part, from any sequence on', () => {
  const { bench } = newBench({ maxSegmentBytes: 2 ** 22 });
  const texts = Array.from({ length: 40 }, (_, number) => `${number} `.padEnd(20_000, 'x'));
  for (const text of texts) bench.append(text, 5);
  bench.pass(0);
  expect(bench.read(1)).toEqual(texts);
  const parts = bench.of('blocks');
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.length).toBeLessThan(10);
  expect(parts.map(({ isLast }) => isLast)).toEqual(parts.map((_, at) => at === parts.length - 1));

  expect(bench.read(1, 190)).toEqual(texts.slice(38));
  expect(bench.read(1, 191)).toEqual(texts.slice(39));
});

test('what was read before the disk failed is given first', () => {
  class LosingDisk extends SimulatedDisk {
    #reads = 0;
    override open(...name: Parameters<SimulatedDisk['open']>) {
      const file = super.open(...name);
      const read = file.read.bind(file);
      file.read = (target, at) => {
        if (++this.#reads > 4) throw failure('EIO', name[1]);
        return read(target, at);
      };
      return file;
    }
  }
  const { bench } = newBench({}, new LosingDisk(new Random(1)));
  for (const text of ['one', 'two', 'three']) bench.append(text);
  bench.pass(0);
  expect(bench.read(1)).toEqual(['one', 'two']);
  expect(bench.of('blocks')).toHaveLength(1);
  expect(bench.of('unreadable')).toMatchObject([{ problem: { code: 'ERR_CACHE_READ' } }]);
});

test('a disk that is full takes something again as soon as a segment is removed', () => {
  class SmallDisk extends SimulatedDisk {
    override create(...name: Parameters<SimulatedDisk['create']>) {
      if (this.names('segments').length > 1) throw failure('ENOSPC', name[1]);
      return super.create(...name);
    }
  }
  const bench = new WorkerBench(new SmallDisk(new Random(1)), { maxSegmentBytes: 1 });
  for (const text of ['one', 'two', 'three']) bench.append(text);
  bench.pass(0);
  expect(bench.of('trouble')[0]?.problem?.cause.code).toBe('ENOSPC');
  bench.tell({ kind: 'remove', segment: 1 });
  bench.pass(0);

  expect([...bench.stored].sort()).toEqual([1, 2, 3]);
  expect(bench.readAll()).toEqual(['two', 'three']);
});

test('blocks after a seal go to another segment', () => {
  const { bench } = newBench({ maxSegmentBytes: 10_000 });
  for (const text of ['one', 'two']) bench.append(text);
  bench.tell({ kind: 'seal' });
  bench.append('three');
  bench.pass(0);

  expect(bench.segments.map(({ id }) => id)).toEqual([1, 2]);
  expect(bench.read(1)).toEqual(['one', 'two']);
});

test('a block that begins a segment does so also when it is appended again', () => {
  const { bench } = newBench({ maxSegmentBytes: 10_000, sync: { everyMs: 100 } });
  bench.append('one');
  bench.append('two', 1, true);
  bench.append('three');
  bench.die();
  bench.start();
  bench.pass(100);

  const [first, ...others] = [1, 2, 3].map((key) => bench.places.get(key));
  expect(others).toEqual([others[0], others[0]]);
  expect(others).not.toContain(first);
});

test('the end brings everything to the disk, beyond the limit too', () => {
  const { disk, bench } = newBench({ maxBytes: 300, maxSegmentBytes: 200 });
  const texts = ['a', 'b', 'c', 'd'].map((text) => text.repeat(100));
  for (const text of texts) bench.append(text);
  bench.pass(0);
  expect(bench.stored.size).toBeLessThan(4);
  bench.tell({ kind: 'close' });

  expect(bench.of('closed')).toEqual([{ kind: 'closed', problem: undefined }]);
  expect(bench.stored.size).toBe(4);
  expect(readTexts(openLog(disk))).toEqual(texts);
});

test('the end on a disk that takes nothing tells why, and nothing as stored', () => {
  const { disk, bench } = newBench();
  disk.faults = ALL_FAIL;
  bench.append('one');
  bench.tell({ kind: 'close' });

  expect(bench.of('closed')[0]?.problem?.code).toBe('ERR_CACHE_WRITE');
  expect(bench.stored.size).toBe(0);
  expect([...bench.unstored]).toHaveLength(1);
  expect(bench.isEnded).toBe(true);
});

test('what a thread that died had appended is read once, and is there once when it is stored again', () => {
  const { disk, bench } = newBench({ maxSegmentBytes: 300, sync: { everyMs: 100 } });
  bench.append('one');
  bench.pass(100);
  for (const text of ['two', 'x'.repeat(250), 'three']) bench.append(text);
  bench.die();
  const texts = ['one', 'two', 'x'.repeat(250), 'three'];
  expect(readTexts(openLog(disk))).toEqual(texts);

  bench.start();
  expect(bench.of('opened').at(-1)?.repeats).toHaveLength(3);
  bench.pass(100);
  expect(bench.readAll()).toEqual(texts);
  // Of the segment that has something else in it, only the disk still has it twice.
  const onDisk = readTexts(openLog(disk));
  expect(onDisk.toSorted()).toEqual(['two', ...texts].toSorted());
});

test('a second thread that dies does not change that', () => {
  const { bench } = newBench({ maxSegmentBytes: 300, sync: { everyMs: 100 } });
  bench.append('one');
  bench.pass(100);
  for (const text of ['two', 'three']) bench.append(text);
  bench.die();
  bench.start();
  bench.append('four');
  bench.die();
  bench.start();
  bench.pass(100);

  expect(bench.readAll()).toEqual(['one', 'two', 'three', 'four']);
});

test('a segment that was ended before a sync failed is ended again', () => {
  const { disk, bench } = newBench({ sync: 'always' });
  bench.pass(0);
  bench.append('one');
  bench.tell({ kind: 'seal' });
  bench.append('two');
  disk.faults = SYNC_FAILS;
  bench.pass(0);
  expect(bench.of('takenBack')).toHaveLength(1);
  disk.faults = NO_FAULTS;
  bench.pass(RETRY_MS);
  expect([...bench.stored]).toEqual([1, 2]);
  expect(bench.places.get(1)).not.toBe(bench.places.get(2));
});
