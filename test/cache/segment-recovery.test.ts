import { SegmentLog } from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { appendText, openLog, readTexts, TAGS } from './logs.js';
import { failure, SimulatedDisk } from './simulated-disk.js';

const NAME = '0000000000000001.segment';
const BLOCK_HEADER_BYTES = 32;

/** A disk with one segment of three blocks, the texts of which are these. */
function diskWith(...texts: string[]): SimulatedDisk {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  for (const text of texts) appendText(log, text, text.length);
  log.sync();
  log.close();
  return disk;
}

/** Where the block with this text begins. */
function offsetOf(disk: SimulatedDisk, text: string): number {
  return disk.file('segments', NAME).bytes.indexOf(text) - BLOCK_HEADER_BYTES;
}

function damage(disk: SimulatedDisk, at: number): void {
  const { bytes } = disk.file('segments', NAME);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
}

test('what an earlier run appended is read, and never appended to', () => {
  const disk = diskWith('one', 'two', 'three');
  const log = openLog(disk);
  expect(log.segments()).toMatchObject([{ id: 1, entries: 11, sequence: 0, isSealed: true }]);
  appendText(log, 'four');

  expect(readTexts(log)).toEqual(['one', 'two', 'three', 'four']);
  expect(log.segments()).toHaveLength(2);
  expect(log.recovery).toEqual({ torn: [], newer: [], unreadable: [] });
  expect(log.damage).toEqual([]);
});

test.each([
  ['inside of a payload', 'three', BLOCK_HEADER_BYTES + 2],
  ['inside of a header', 'three', 10],
  ['right behind a header', 'three', BLOCK_HEADER_BYTES],
])('an end that was torn %s is cut off', (_, text, kept) => {
  const disk = diskWith('one', 'two', 'three');
  const end = offsetOf(disk, text);
  disk.file('segments', NAME).truncate(end + kept);
  const log = openLog(disk);

  expect(readTexts(log)).toEqual(['one', 'two']);
  expect(log.recovery.torn).toEqual([{ segment: 1, bytes: kept }]);
  expect(disk.file('segments', NAME).bytes.length).toBe(end);
  expect(disk.names('quarantine')).toEqual([]);
});

test('an end of zeros, which a file system may leave, is cut off', () => {
  const disk = diskWith('one', 'two');
  const file = disk.file('segments', NAME);
  const end = file.bytes.length;
  file.write(Buffer.alloc(5000), end);
  const log = openLog(disk);

  expect(readTexts(log)).toEqual(['one', 'two']);
  expect(log.recovery.torn).toEqual([{ segment: 1, bytes: 5000 }]);
  expect(file.bytes.length).toBe(end);
});

test('a block with a damaged payload is set aside and counted, and the others are read', () => {
  const disk = diskWith('one', 'two', 'three');
  const offset = offsetOf(disk, 'two');
  damage(disk, offset + BLOCK_HEADER_BYTES + 1);
  const log = openLog(disk);

  const bytes = BLOCK_HEADER_BYTES + 3;
  expect(log.damage).toEqual([
    { segment: 1, offset, bytes, entries: 3, isKept: true, isNew: true },
  ]);
  expect(readTexts(log)).toEqual(['one', 'three']);
  expect(log.segments()).toMatchObject([{ entries: 8 }]);
  const name = `0000000000000001-${offset}`;
  expect(disk.names('quarantine')).toEqual([name]);
  const damaged = disk.file('segments', NAME).bytes.subarray(offset, offset + bytes);
  expect(disk.file('quarantine', name).bytes).toEqual(damaged);
  expect(log.quarantineBytes).toBe(bytes);
});

test('a block with a damaged header is set aside, and its neighbours tell how many entries it had', () => {
  const disk = diskWith('one', 'two', 'three');
  const offset = offsetOf(disk, 'two');
  damage(disk, offset + 9);
  const log = openLog(disk);

  expect(log.damage).toMatchObject([{ offset, bytes: BLOCK_HEADER_BYTES + 3, entries: 3 }]);
  expect(readTexts(log)).toEqual(['one', 'three']);
});

test('a last block with a damaged header is set aside, not cut off as torn', () => {
  const disk = diskWith('one', 'two');
  const offset = offsetOf(disk, 'two');
  damage(disk, offset + 16);
  const log = openLog(disk);

  expect(log.recovery.torn).toEqual([]);
  expect(log.damage).toMatchObject([{ offset, entries: undefined, isKept: true }]);
  expect(readTexts(log)).toEqual(['one']);
});

test('damage is set aside once, and skipped by every later run', () => {
  const disk = diskWith('one', 'two', 'three');
  damage(disk, offsetOf(disk, 'two') + BLOCK_HEADER_BYTES);
  openLog(disk).close();
  const count = disk.operations.length;
  const log = openLog(disk);

  expect(log.damage).toMatchObject([{ isNew: false, isKept: true }]);
  expect(readTexts(log)).toEqual(['one', 'three']);
  expect(disk.operations.slice(count).filter((name) => name.startsWith('create'))).toEqual([]);
});

test('damage that is met while reading is set aside and counted then', () => {
  const disk = diskWith('one', 'two', 'three');
  const log = openLog(disk);
  damage(disk, offsetOf(disk, 'two') + BLOCK_HEADER_BYTES);
  expect(log.damage).toEqual([]);

  expect(readTexts(log)).toEqual(['one', 'three']);
  expect(log.damage).toMatchObject([{ entries: 3, isKept: true, isNew: true }]);
  expect(log.segments()).toMatchObject([{ entries: 8 }]);
  expect(readTexts(log)).toEqual(['one', 'three']);
  expect(log.damage).toHaveLength(1);
});

test('damage at the end of what was appended is known by its entries while reading', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'one', 3);
  appendText(log, 'two', 4);
  damage(disk, offsetOf(disk, 'two') + 2);

  expect(readTexts(log)).toEqual(['one']);
  expect(log.damage).toMatchObject([{ entries: 4 }]);
});

test('without the block that names tags, others are read and its names are unknown', () => {
  const disk = new SimulatedDisk(new Random(1));
  const first = openLog(disk);
  first.append(Buffer.from('one'), 1, ['a']);
  first.append(Buffer.from('two'), 1, ['a', 'bbbb']);
  first.append(Buffer.from('three'), 1, ['a', 'bbbb', 'c']);
  const { bytes } = disk.file('segments', NAME);
  bytes.write('x', bytes.indexOf('bbbb'));
  const log = openLog(disk);

  expect(log.damage).toMatchObject([{ entries: 0 }]);
  expect(log.segments().flatMap(({ id }) => [...log.read(id)].map(({ tags }) => tags))).toEqual([
    ['a'],
    ['a'],
    ['a', undefined, 'c'],
  ]);
});

test.each([
  ['magic', 3],
  ['format', 8],
  ['format, so that it looks like a newer one', 10],
  ['length', 13],
  ['checksum', 17],
  ['body', 30],
])('a segment with damage in the %s of its header is set aside as a whole', (_, at) => {
  const disk = diskWith('one', 'two');
  damage(disk, at);
  const { bytes } = disk.file('segments', NAME);
  const log = openLog(disk);

  expect(log.segments()).toEqual([]);
  expect(disk.names('segments')).toEqual([]);
  expect(disk.names('quarantine')).toEqual([NAME]);
  expect(disk.file('quarantine', NAME).bytes).toEqual(bytes);
  expect(log.damage).toMatchObject([{ segment: 1, offset: 0, bytes: bytes.length, isKept: true }]);
  expect(log.append(Buffer.from('x'), 1, TAGS)).toEqual({ segment: 2, sequence: 0 });
});

test('a newer format is left alone and told, and numbers go on above it', () => {
  const disk = new SimulatedDisk(new Random(1));
  const bytes = Buffer.concat([
    Buffer.from('ringest\0'),
    Buffer.from([2, 0, 0, 0]),
    Buffer.alloc(100, 0xee),
  ]);
  const name = '00000000000000ff.segment';
  disk.put('segments', name, bytes);
  const log = openLog(disk);

  expect(log.recovery.newer).toEqual([{ segment: 255, name, bytes: bytes.length, format: 2 }]);
  expect(log.segments()).toEqual([]);
  expect(log.append(Buffer.from('x'), 1, TAGS).segment).toBe(256);
  expect(disk.file('segments', name).bytes).toEqual(bytes);
});

test('foreign files are left alone, whatever they are called', () => {
  const disk = new SimulatedDisk(new Random(1));
  const names = ['lock', '1.segment', 'ffffffffffffffff.segment', 'notes.txt', `${NAME}.old`];
  for (const name of names) disk.put('segments', name, Buffer.from('mine'));
  disk.put('quarantine', 'readme', Buffer.from('mine'));
  disk.put('quarantine', 'x.partial', Buffer.from('mine'));
  const log = openLog(disk);

  expect(log.append(Buffer.from('x'), 1, TAGS).segment).toBe(1);
  expect(disk.names('segments')).toEqual([...names, NAME].sort());
  expect(disk.names('quarantine')).toEqual(['readme', 'x.partial']);
  expect(log.recovery).toEqual({ torn: [], newer: [], unreadable: [] });
});

test.each([0, 19, 3000])(
  'a file of %i zeros, begun by a run that died, is removed and told',
  (bytes) => {
    const disk = new SimulatedDisk(new Random(1));
    disk.put('segments', NAME, Buffer.alloc(bytes));
    const log = openLog(disk);

    expect(disk.names('segments')).toEqual([]);
    expect(log.recovery.torn).toEqual([{ segment: 1, bytes }]);
  },
);

test('a segment in which nothing can be read any more is removed, once it is set aside', () => {
  const disk = diskWith('one');
  damage(disk, offsetOf(disk, 'one') + BLOCK_HEADER_BYTES);
  const log = openLog(disk);

  expect(disk.names('segments')).toEqual([]);
  expect(disk.names('quarantine')).toHaveLength(1);
  expect(log.damage).toMatchObject([{ entries: 3, isKept: true }]);
});

test('a block of another segment in the data is not taken for one where a header is damaged', () => {
  const other = new SimulatedDisk(new Random(1));
  const options = { muxer: 'another', maxSegmentBytes: 2 ** 20, now: () => 5 };
  const foreign = SegmentLog.open(other, options);
  appendText(foreign, 'filler', 100);
  appendText(foreign, 'foreign');
  const block = other.file('segments', NAME).bytes.subarray(offsetOf(other, 'foreign'));

  expect(readWithDamageAround(block)).toEqual(['zero', 'last']);
});

test('an earlier block of the same segment in the data is not taken for one either', () => {
  const disk = diskWith('zero');
  const block = disk.file('segments', NAME).bytes.subarray(offsetOf(disk, 'zero'));

  expect(readWithDamageAround(block)).toEqual(['zero', 'last']);
});

/** What is read of three blocks when the one in the middle has this data and a damaged header. */
function readWithDamageAround(data: Buffer): string[] {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  appendText(log, 'zero', 4);
  log.append(data, 1, TAGS);
  appendText(log, 'last');
  log.close();
  const { bytes } = disk.file('segments', NAME);
  bytes.writeUInt8(0, bytes.lastIndexOf(data) - BLOCK_HEADER_BYTES);
  const again = openLog(disk);
  expect(again.damage).toMatchObject([{ bytes: BLOCK_HEADER_BYTES + data.length, entries: 1 }]);
  return readTexts(again);
}

test('a segment that the disk does not let us read stays, and is told', () => {
  const disk = diskWith('one');
  const { open } = disk;
  disk.open = () => {
    throw failure('EIO', 'open');
  };
  const log = openLog(disk);
  expect(log.recovery.unreadable).toMatchObject([{ segment: 1, name: NAME }]);
  expect(log.append(Buffer.from('x'), 1, TAGS).segment).toBe(2);
  log.close();

  disk.open = open;
  expect(readTexts(openLog(disk))).toEqual(['one', 'x']);
});

test('damage that finds no room in the quarantine is skipped, and goes there with its segment', () => {
  const disk = diskWith('one', 'two', 'three');
  damage(disk, offsetOf(disk, 'two') + BLOCK_HEADER_BYTES);
  const { create } = disk;
  disk.create = (folder, name) => ({
    ...create.call(disk, folder, name),
    write: () => {
      throw failure('ENOSPC', 'write');
    },
  });
  const log = openLog(disk);
  expect(log.damage).toMatchObject([{ isKept: false }]);
  expect(disk.names('quarantine')).toEqual([]);
  expect(readTexts(log)).toEqual(['one', 'three']);
  log.remove(1);

  expect(disk.names('segments')).toEqual([]);
  expect(disk.names('quarantine')).toEqual([NAME]);
});

test('a copy that was not finished when the run died is made again', () => {
  const disk = diskWith('one', 'two', 'three');
  const offset = offsetOf(disk, 'two');
  damage(disk, offset + BLOCK_HEADER_BYTES);
  const name = `0000000000000001-${offset}`;
  disk.put('quarantine', `${name}.partial`, Buffer.from('half'));
  const log = openLog(disk);

  expect(disk.names('quarantine')).toEqual([name]);
  expect(log.damage).toMatchObject([{ isKept: true, isNew: true }]);
});
