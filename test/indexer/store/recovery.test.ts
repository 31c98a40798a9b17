import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { bytesOf, dataOf, entriesOf, filesIn, openStore, put, readDamaged } from './stored.js';

const SEGMENT = '0000000000000001.segment';
const INDEX = '0000000000000001.index';

/** The folder of a closed store with blocks of one entry each, and where each block ends in the file. */
async function closedStore(...data: string[]) {
  const path = temporaryDirectory();
  const store = await openStore({ path });
  const ends: number[] = [];
  for (const one of data) {
    await put(store, [{ data: one }]);
    ends.push(bytesOf(path, SEGMENT));
  }
  await store.close();
  return { path, ends, file: join(path, SEGMENT) };
}

/** Opens a store as the next run does, and says what it found. */
async function reopened(path: string) {
  const store = await openStore({ path });
  await store.close();
  const { tornBytes, damaged } = store.stats();
  return { tornBytes, damaged };
}

/** Changes one byte. */
function damage(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  writeFileSync(file, bytes);
}

describe('a store that was not closed', () => {
  it('loses nothing but a torn last block, wherever that is cut', async () => {
    const { path, ends, file } = await closedStore('a', 'b');
    const [second = 0, end = 0] = ends;
    const whole = readFileSync(file);
    for (let cut = second; cut < end; cut += 7) {
      rmSync(join(path, INDEX), { force: true });
      writeFileSync(file, whole.subarray(0, cut));
      expect(await dataOf(path)).toEqual(['a']);
      expect(await reopened(path)).toEqual({ tornBytes: cut - second, damaged: 0 });
      expect(bytesOf(path, SEGMENT)).toBe(second);
      expect(await dataOf(path)).toEqual(['a']);
    }
  });

  it.each([
    ['zeros', (bytes: number) => Buffer.alloc(bytes)],
    ['the beginning of another segment', () => Buffer.from('\x94\xa7ringest\xce0000', 'latin1')],
  ])('is cut when its end is %s', async (_name, tail) => {
    const { path, file } = await closedStore('a');
    rmSync(join(path, INDEX));
    appendFileSync(file, tail(5000));
    expect(await reopened(path)).toEqual({ tornBytes: tail(5000).length, damaged: 0 });
    expect(await dataOf(path)).toEqual(['a']);
  });

  it('is without a segment in which nothing was finished', async () => {
    const { path, file } = await closedStore('a');
    rmSync(join(path, INDEX));
    truncateSync(file, 12);
    await reopened(path);
    expect(filesIn(path, '')).toEqual(['lock']);
  });
});

describe('the index of a segment', () => {
  it.each([
    ['is missing', (index: string) => rmSync(index)],
    ['is empty', (index: string) => writeFileSync(index, '')],
    ['is something else', (index: string) => writeFileSync(index, 'x'.repeat(1000))],
    ['is cut off', (index: string) => truncateSync(index, 40)],
    ['is damaged', (index: string) => damage(index, 40)],
  ])('is made again when it %s, and is not needed to read', async (_name, spoil) => {
    const { path } = await closedStore('a', 'b');
    const index = join(path, INDEX);
    const before = readFileSync(index);
    spoil(index);
    expect(await dataOf(path)).toEqual(['a', 'b']);
    expect(await reopened(path)).toEqual({ tornBytes: 0, damaged: 0 });
    expect(readFileSync(index)).toEqual(before);
  });

  it('of another segment is not used', async () => {
    const one = await closedStore('a', 'b');
    const other = await closedStore('c', 'd');
    writeFileSync(join(one.path, INDEX), readFileSync(join(other.path, INDEX)));
    expect(await dataOf(one.path)).toEqual(['a', 'b']);
  });
});

describe('a damaged segment', () => {
  it.each([
    ['with its index', false],
    ['without its index', true],
  ])('is read but for the damage, which is reported, %s', async (_name, isWithout) => {
    const { path, ends, file } = await closedStore('a', 'b', 'c');
    if (isWithout) rmSync(join(path, INDEX));
    const [first = 0, second = 0] = ends;
    damage(file, second - 1);
    const expected = { offset: first, bytes: second - first, entries: 1, segment: SEGMENT };
    expect(await readDamaged(path)).toMatchObject({ data: ['a', 'c'], damage: [expected] });

    damage(file, first + 20);
    const { data, damage: parts } = await readDamaged(path);
    expect(data).toEqual(['a', 'c']);
    expect(parts).toMatchObject([{ offset: first, bytes: second - first, entries: undefined }]);
  });

  it('is reported again when its index knows of the damage, and counted when it is opened', async () => {
    const { path, ends, file } = await closedStore('a', 'b', 'c');
    rmSync(join(path, INDEX));
    damage(file, (ends[1] ?? 0) - 1);
    expect(await reopened(path)).toEqual({ tornBytes: 0, damaged: 1 });
    const { data, damage: parts } = await readDamaged(path);
    expect(data).toEqual(['a', 'c']);
    expect(parts).toMatchObject([{ entries: 1 }]);
  });

  it('is damaged as a whole when its header is, and is left as it is', async () => {
    const { path, file } = await closedStore('a');
    damage(file, 25);
    const bytes = readFileSync(file);
    expect(await reopened(path)).toEqual({ tornBytes: 0, damaged: 1 });
    expect(await readDamaged(path)).toMatchObject({
      data: [],
      damage: [{ offset: 0, problem: 'its header is damaged' }],
    });
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('does not take a block of another segment, in the data of an entry, for its own', async () => {
    const inner = await closedStore('inner');
    const path = temporaryDirectory();
    const store = await openStore({ path });
    await put(store, [{ data: 'a' }]);
    const start = bytesOf(path, SEGMENT);
    await put(store, [{ data: readFileSync(inner.file).toString('latin1') }]);
    await put(store, [{ data: 'c' }]);
    await store.close();
    damage(join(path, SEGMENT), start + 20);
    rmSync(join(path, INDEX));
    expect((await entriesOf(path)).map(({ data }) => data)).toEqual(['a', 'c']);
  });
});
