import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NodeDisk } from '@ringest/cache/internal';
import { EnumeratedType, EnumeratedValue, encodeEnumeratedBlock, Source } from '@ringest/codec';
import { encodedSize, encodeFrame, type FrameParts } from '@ringest/workers';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { LinkBench } from './links.js';
import { openLog } from './logs.js';

const CLI = fileURLToPath(new URL('../../packages/cache/dist/dump/cli.js', import.meta.url));
const NAME = '0000000000000001.segment';

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function dump(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'dump', ...args], (error, out, err) => {
      resolve({ status: Number(error?.code ?? 0), out, err });
    });
  });
}

function frame(parts: Partial<FrameParts>): Buffer {
  const whole = {
    seconds: 1,
    nanoseconds: 5,
    tag: 0,
    source: undefined,
    data: '',
    values: undefined,
  };
  const all = { ...whole, ...parts };
  const bytes = Buffer.alloc(encodedSize(all));
  encodeFrame(all, bytes);
  return bytes;
}

/** Three entries in two blocks, of which the second names a tag. */
function writeCache(path: string): void {
  const log = openLog(new NodeDisk(path));
  const values = encodeEnumeratedBlock([
    EnumeratedValue.of('size', EnumeratedType.uint64, 2n ** 60n),
    EnumeratedValue.of('raw', EnumeratedType.byteSlice, Buffer.of(255)),
    EnumeratedValue.of('host', EnumeratedType.ip, '10.0.0.1'),
    EnumeratedValue.of('ok', EnumeratedType.bool, true),
  ]);
  const first = frame({ data: 'grüße', source: Source.from('192.0.2.1') });
  const second = frame({ tag: 1, data: Buffer.of(0xff, 0), source: Source.from('::1'), values });
  log.append(Buffer.concat([first, second]), 2, ['one', 'two']);
  log.append(frame({ tag: 2, data: 'last' }), 1, ['one', 'two', 'three']);
  log.sync();
  log.close();
}

const contents = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')]);

test('a dump says what is in the segments, and changes nothing', async () => {
  const path = temporaryDirectory();
  writeCache(path);
  const before = contents(path);
  const { status, out } = await dump(path);

  expect(status).toBe(0);
  expect(out).toMatch(
    new RegExp(`^${NAME}: \\d+ bytes\n  written by m, begun 2023-11-14T22:13:20.000Z`),
  );
  expect(out).toContain('from entry 0 on, tags: one, two\n');
  expect(out).toContain(': 2 entries from 0 on, ');
  expect(out).toContain(': further tags: three\n');
  expect(out).toMatch(
    /1 segment with 3 entries in 2 blocks, \d+ bytes; 0 damaged parts, 0 segments/,
  );
  expect(contents(path)).toEqual(before);
});

test('a dump of entries is a line of JSON for each', async () => {
  const path = temporaryDirectory();
  writeCache(path);
  const { status, out, err } = await dump(path, '--entries');

  expect(status).toBe(0);
  expect(err).toContain('1 segment with 3 entries');
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const timestamp = '1970-01-01T00:00:01.000000005Z';
  expect(lines).toEqual([
    { sequence: 0, timestamp, tag: 'one', source: '192.0.2.1', data: 'grüße' },
    {
      sequence: 1,
      timestamp,
      tag: 'two',
      source: '::1',
      base64: '/wA=',
      values: [
        { name: 'size', type: 'uint64', value: `${2n ** 60n}` },
        { name: 'raw', type: 'byteSlice', value: '/w==' },
        { name: 'host', type: 'ip', value: '10.0.0.1' },
        { name: 'ok', type: 'bool', value: true },
      ],
    },
    { sequence: 2, timestamp, tag: 'three', source: null, data: 'last' },
  ]);
});

test('a dump tells of damage, by its status too, and shows the rest', async () => {
  const path = temporaryDirectory();
  writeCache(path);
  const bytes = readFileSync(join(path, NAME));
  bytes.write('x', bytes.indexOf('grüße'));
  writeFileSync(join(path, NAME), bytes);
  const { status, out, err } = await dump(path, '--entries');

  expect(status).toBe(2);
  expect(err).toMatch(/DAMAGED: \d+ bytes, 2 entries/);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).data),
  ).toEqual(['last']);
});

test('an end that is not finished is no damage', async () => {
  const path = temporaryDirectory();
  writeCache(path);
  const bytes = readFileSync(join(path, NAME));
  writeFileSync(join(path, NAME), bytes.subarray(0, bytes.length - 1));
  const { status, out } = await dump(path);
  expect(status).toBe(0);
  expect(out).toContain('bytes of a block that is not finished');
  expect(out).toContain('2 entries in 1 block');
});

test('a segment of a newer format is not read, and told', async () => {
  const path = temporaryDirectory();
  writeCache(path);
  const bytes = readFileSync(join(path, NAME));
  bytes.writeUInt32LE(7, 8);
  bytes.writeUInt8(bytes.readUInt8(16) ^ 1, 16);
  writeFileSync(join(path, NAME), bytes);
  const { status, out } = await dump(path);
  expect(status).toBe(2);
  expect(out).toContain('NOT READ: its format is 7');
});

test('a folder that is not there, or a file, is an error', async () => {
  const path = temporaryDirectory();
  writeFileSync(join(path, 'file'), '');
  for (const name of ['missing', 'file']) {
    const { status, err } = await dump(join(path, name));
    expect(status).toBe(1);
    expect(err).toMatch(/^ringest-cache: .*(missing|file)/);
  }
  expect((await dump()).status).toBe(1);
});

test('a cache that is in use can be dumped, and is not disturbed', async () => {
  const path = temporaryDirectory();
  const bench = await LinkBench.open(path, { maxSegmentBytes: 3000 });
  const frames = frame({ data: 'x'.repeat(100) });
  let isDumping = true;
  const dumped = Promise.all([dump(path), dump(path, '--entries'), dump(path)]).finally(() => {
    isDumping = false;
  });
  while (isDumping) {
    const key = bench.append(frames);
    await bench.until(() => bench.stored.has(key));
    const [oldest, ...others] = bench.link.segments;
    if (oldest !== undefined && others.length > 2) await bench.link.remove(oldest.id);
  }
  expect((await dumped).map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(bench.troubles).toEqual([]);
});
