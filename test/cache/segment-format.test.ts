import { encodedSize, encodeFrame } from '@ringest/workers';
import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { openLog, readAll } from './logs.js';
import { SimulatedDisk } from './simulated-disk.js';

const NAME = '0000000000000001.segment';

test('a segment is laid out as documented, byte by byte', () => {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  log.append(Buffer.from('ab'), 2, ['t']);
  log.append(Buffer.from('cde'), 3, ['t', 'uv']);

  const body = bytes(
    '84', // a map of four
    `a5 ${text('muxer')} a1 ${text('m')}`,
    `a7 ${text('created')} cb 42 78 bc fe 56 80 00 00`, // 1.7e12 as a float
    `a8 ${text('sequence')} 00`,
    `a4 ${text('tags')} 91 a1 ${text('t')}`,
  );
  const start = Buffer.concat([Buffer.from('ringest\0'), u32(1), u32(body.length)]);
  const segmentCrc = crc32c(Buffer.concat([start, body]));
  const further = bytes('82', `a5 ${text('first')} 01`, `a4 ${text('tags')} 91 a2 ${text('uv')}`);
  const expected = Buffer.concat([
    start,
    u32(segmentCrc),
    body,
    block({ kind: 0, count: 2, sequence: 0, payload: Buffer.from('ab'), segmentCrc }),
    block({ kind: 1, count: 1, sequence: 2, payload: further, segmentCrc }),
    block({ kind: 0, count: 3, sequence: 2, payload: Buffer.from('cde'), segmentCrc }),
  ]);
  expect(disk.file('segments', NAME).bytes.toString('hex')).toBe(expected.toString('hex'));
  expect(log.bytes).toBe(expected.length);
});

test('real frames come back as they are, with the tags that were known', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  const parts = {
    seconds: 1_700_000_000,
    nanoseconds: 5,
    tag: 1,
    source: undefined,
    data: 'some data',
    values: undefined,
  };
  const frame = Buffer.alloc(encodedSize(parts));
  encodeFrame(parts, frame);
  const frames = Buffer.concat([frame, frame]);
  log.append(frames, 2, ['gravwell', 'syslog']);

  expect(readAll(log)).toEqual([{ frames, count: 2, sequence: 0, tags: ['gravwell', 'syslog'] }]);
});

test('frames may lie in shared memory, at any address, also more than a piece of them', () => {
  const shared = Buffer.from(new SharedArrayBuffer(3 * 2 ** 20));
  for (let at = 0; at < shared.length; at++) shared[at] = (at * 31) >>> 3;
  const log = openLog(new SimulatedDisk(new Random(1)));
  const small = shared.subarray(3, 1000);
  const large = shared.subarray(5, 2 ** 21 + 77);
  log.append(small, 1, []);
  log.append(large, 1, []);

  const [first, second] = readAll(log);
  expect(first?.frames.equals(small)).toBe(true);
  expect(second?.frames.equals(large)).toBe(true);
});

test('tags that come later are known from their block on, and not before', () => {
  const log = openLog(new SimulatedDisk(new Random(1)));
  const tags = ['a'];
  log.append(Buffer.from('1'), 1, tags);
  tags.push('b', 'c');
  log.append(Buffer.from('2'), 1, tags);
  tags.push('d');
  log.append(Buffer.from('3'), 1, tags);

  expect(readAll(log).map((block) => block.tags)).toEqual([
    ['a'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'd'],
  ]);
});

test('sequences and numbers of segments go on, over segments and runs', () => {
  const disk = new SimulatedDisk(new Random(1));
  const first = openLog(disk, 200);
  const text = Buffer.alloc(60);
  const places = [3, 2, 1].map((count) => first.append(text, count, []));
  expect(places).toEqual([
    { segment: 1, sequence: 0 },
    { segment: 2, sequence: 3 },
    { segment: 3, sequence: 5 },
  ]);
  first.close();

  const second = openLog(disk);
  expect(second.append(text, 1, [])).toEqual({ segment: 4, sequence: 6 });
  expect(second.segments().map(({ sequence, entries }) => [sequence, entries])).toEqual([
    [0, 3],
    [3, 2],
    [5, 1],
    [6, 1],
  ]);
});

interface ExpectedBlock {
  readonly kind: number;
  readonly count: number;
  readonly sequence: number;
  readonly payload: Buffer;
  readonly segmentCrc: number;
}

function block({ kind, count, sequence, payload, segmentCrc }: ExpectedBlock): Buffer {
  const start = Buffer.concat([
    bytes('a3 f2 0c b1'),
    u32(kind),
    u32(payload.length),
    u32(count),
    u32(sequence),
    u32(0),
    u32(crc32c(payload)),
  ]);
  return Buffer.concat([start, u32(crc32c(start, segmentCrc)), payload]);
}

function bytes(...hex: string[]): Buffer {
  return Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');
}

function text(value: string): string {
  return Buffer.from(value).toString('hex');
}

function u32(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  return word;
}

/** Bit by bit, as the polynomial says. */
function crc32c(input: Buffer, begun = 0): number {
  let crc = ~begun;
  for (const byte of input) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
