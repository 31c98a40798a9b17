import { type ChildProcess, spawn } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SegmentLog } from '@ringest/cache/internal';
import {
  alignedMemory,
  CacheOpenError,
  CacheWriteError,
  DirectWriter,
  NodeDisk,
} from '@ringest/cache/internal';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';
import { appendText, openLog, readTexts, TAGS, thrown } from './logs.js';

const NAME = '0000000000000001.segment';
const SCRIPT = fileURLToPath(new URL('appending-process.mjs', import.meta.url));
const NOBODY = 65534;

/** Begins a sync. */
function endOfSync(log: SegmentLog): Promise<Error | undefined> {
  return new Promise((resolve) => log.beginSync(resolve));
}

/** What goes to the threads of the process next, waits for a while. */
function occupyThreadPool(): void {
  const { UV_THREADPOOL_SIZE = 4 } = process.env;
  for (let i = 0; i < Number(UV_THREADPOOL_SIZE); i++)
    pbkdf2('password', 'salt', 100_000, 64, 'sha512', () => {});
}

/** The names of the files of a folder that this process has open. */
function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(join('/proc/self/fd', fd));
      return dirname(path) === folder ? [basename(path)] : [];
    } catch {
      // It was that of the listing itself.
      return [];
    }
  });
}

/** How this process has a file open: `direct` goes past the cache of the operating system. */
function openModes(folder: string, name: string): ('direct' | 'cached')[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (readlinkSync(join('/proc/self/fd', fd)) !== join(folder, name)) return [];
      const [, flags = ''] =
        /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
      return [Number.parseInt(flags, 8) & constants.O_DIRECT ? 'direct' : 'cached'];
    } catch {
      // It was that of the listing itself.
      return [];
    }
  });
}

/** Whether files of a folder can be written to past the cache of the system. */
function takesDirectWrites(folder: string): boolean {
  if (constants.O_DIRECT === undefined || !existsSync('/proc/self/fd')) return false;
  const path = join(folder, 'direct');
  try {
    const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_DIRECT);
    try {
      // Memory has no sectors: a file system there takes any address.
      writeSync(fd, Buffer.alloc(8192).subarray(1, 4097), 0, 4096, 0);
      return false;
    } catch {
      return writeSync(fd, alignedMemory(4096), 0, 4096, 0) === 4096;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  } finally {
    rmSync(path, { force: true });
  }
}

test('folders are made where they are missing, and only their owner can look inside', () => {
  const path = join(temporaryDirectory(), 'deep', 'cache');
  const log = openLog(new NodeDisk(path));
  appendText(log, 'one');
  log.sync();

  expect(readdirSync(path).sort()).toEqual([NAME, 'quarantine']);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, 'quarantine')).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, NAME)).mode & 0o777).toBe(0o600);
});

test('a log on a real disk is appended to, read, removed from and opened again', () => {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path), 200);
  const texts = ['one', 'two'.repeat(100), 'three'];
  for (const text of texts) appendText(log, text);
  log.sync();
  expect(readTexts(log)).toEqual(texts);
  log.remove(2);
  log.sync();
  log.close();

  const again = openLog(new NodeDisk(path), 200);
  expect(readTexts(again)).toEqual(['one', 'three']);
  appendText(again, 'four');
  expect(again.segments().map(({ id }) => id)).toEqual([1, 3, 4]);
  again.close();
});

test('a torn end and a damaged block on a real disk are cut off and set aside', () => {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path));
  for (const text of ['one', 'two', 'three']) appendText(log, text);
  log.sync();
  log.close();
  const file = join(path, NAME);
  const bytes = readFileSync(file);
  const end = bytes.indexOf('three') - 32;
  bytes.write('x', bytes.indexOf('one'));
  writeFileSync(file, bytes);
  truncateSync(file, bytes.length - 1);

  const again = openLog(new NodeDisk(path));
  expect(readTexts(again)).toEqual(['two']);
  expect(statSync(file).size).toBe(end);
  expect(readdirSync(join(path, 'quarantine'))).toHaveLength(1);
  again.close();
});

test('a log on a real disk is appended to, sealed, removed from and closed while it is synced', async () => {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path), 2 ** 20);
  const texts = Array.from({ length: 20 }, (_, round) => `${round}`);
  for (const text of texts) {
    // Has a segment of its own.
    const { segment } = log.append(Buffer.alloc(2 ** 20), 1, TAGS);
    const ended = endOfSync(log);
    appendText(log, text);
    log.remove(segment);
    expect(await ended).toBeUndefined();
  }
  void endOfSync(log);
  log.close();

  const again = openLog(new NodeDisk(path));
  expect(readTexts(again)).toEqual(texts);
  again.close();
});

test('a file that is closed while it is synced stays open until then', async () => {
  const disk = new NodeDisk(temporaryDirectory());
  const file = disk.create('segments', 'file');
  file.write(Buffer.from('content'), 0);
  occupyThreadPool();
  const ended = new Promise((resolve) => file.beginSync(resolve));
  file.close();
  if (existsSync('/proc/self/fd')) expect(openFiles(disk.path)).toEqual(['file']);
  expect(await ended).toBeUndefined();
  if (existsSync('/proc/self/fd')) await eventually(() => expect(openFiles(disk.path)).toEqual([]));
});

test('frames in shared memory reach a real disk as they are', () => {
  const path = temporaryDirectory();
  const frames = Buffer.from(new SharedArrayBuffer(3_000_000)).subarray(1);
  for (let at = 0; at < frames.length; at++) frames[at] = (at * 13) >>> 2;
  const log = openLog(new NodeDisk(path));
  log.append(frames, 1, TAGS);
  log.close();

  const again = openLog(new NodeDisk(path));
  const [block] = again.read(1);
  expect(block?.frames.equals(frames)).toBe(true);
  again.close();
});

test('blocks of all sizes reach a real disk as they are, large ones past the cache of the system', () => {
  const path = temporaryDirectory();
  const sizes = [300_000, 1, 262_144, 262_143, 9000, 1_000_000, 4096, 1_048_576, 2_500_000, 70_000];
  const contents = sizes.map((size) => Buffer.alloc(size, `${size} `));
  const log = openLog(new NodeDisk(path), 2 ** 26);
  for (const content of contents) {
    log.append(content, 1, TAGS);
    log.sync();
  }
  if (takesDirectWrites(path)) expect(openModes(path, NAME)).toContain('direct');
  log.close();
  expect(openFiles(path)).toEqual([]);

  const again = openLog(new NodeDisk(path));
  const read = [...again.read(1)].map(({ frames }) => frames);
  expect(read.every((frames, at) => frames.equals(contents[at] as Buffer))).toBe(true);
  expect(read).toHaveLength(sizes.length);
  expect(again.recovery.torn).toEqual([]);
  again.close();
});

test('a disk that is to write through the cache of the system does so with large blocks too', () => {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path, { isDirect: false }));
  log.append(Buffer.alloc(2 ** 20), 1, TAGS);
  if (existsSync('/proc/self/fd')) expect(openModes(path, NAME)).toEqual(['cached']);
  log.close();
});

test('where direct writes are refused, large blocks are written through the cache of the system', () => {
  const path = join(temporaryDirectory(), 'file');
  const fd = openSync(path, 'wx+');
  const direct = new DirectWriter(fd);
  // An odd address: the system refuses it, or has no direct writes at all.
  const odd = Buffer.alloc(8192, 'x').subarray(1, 4097);
  if (takesDirectWrites(dirname(path))) expect(direct.write(odd, 0)).toBeUndefined();
  else direct.close();
  expect(direct.isPossible).toBe(false);
  expect(statSync(path).size).toBe(0);
  closeSync(fd);
});

test.each(['file', 'file/below'])('a path that is a %s is told as such', (name) => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'file'), 'mine');
  const error = thrown(CacheOpenError, () => new NodeDisk(join(folder, name)));

  expect(error).toMatchObject({ code: 'ERR_CACHE_OPEN', trouble: 'not-a-folder' });
  expect(error.message).toContain('the path is a file');
});

test('a folder that may not be written in is told as such, at the start and later', () => {
  const folder = temporaryDirectory();
  const path = join(folder, 'cache');
  mkdirSync(join(path, 'quarantine'), { recursive: true });
  for (const name of [folder, path]) chmodSync(name, 0o555);
  try {
    asNobody(() => {
      const missing = join(folder, 'missing');
      const error = thrown(CacheOpenError, () => new NodeDisk(missing));
      expect(error).toMatchObject({ trouble: 'denied', path: missing });
      const log = openLog(new NodeDisk(path));
      const writeError = thrown(CacheWriteError, () => appendText(log, 'one'));
      expect(writeError).toMatchObject({ code: 'ERR_CACHE_WRITE', trouble: 'denied' });
      expect(writeError.message).toContain('permission denied');
      expect(log.segments()).toEqual([]);
    });
  } finally {
    for (const name of [folder, path]) chmodSync(name, 0o755);
  }
});

test.each([
  { blockBytes: 1000, blocks: 300, limits: 'ulimit -n 100' },
  { blockBytes: 400_000, blocks: 40, limits: 'ulimit -n 100' },
  // Enough for Node.js, and not for memory of WebAssembly.
  { blockBytes: 400_000, blocks: 40, limits: 'ulimit -v 6000000' },
])(
  'what a process appended in blocks of $blockBytes bytes under $limits before it was killed is read, in order and without a gap',
  async ({ blockBytes, blocks, limits }) => {
    const path = temporaryDirectory();
    const args = ['-c', `${limits} && exec "$0" "$@"`, process.execPath, SCRIPT, path];
    const child = spawn('/bin/sh', [...args, `${blockBytes}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let synced = 0;
    for await (const line of lines(child)) {
      synced = Number(line.split(' ').at(-1));
      if (synced >= blocks) break;
    }
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;

    const log = openLog(new NodeDisk(path));
    const numbers = readTexts(log).map((text) => Number(text.split(' ')[0]));
    expect(numbers.length).toBeGreaterThan(synced);
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect(log.damage).toEqual([]);
    log.close();
  },
);

test.each([
  { blockBytes: 9000, limit: 20 },
  { blockBytes: 400_000, limit: 1000 },
])(
  'where the system takes no more of a file, a block of $blockBytes bytes is refused and those before it stay',
  async ({ blockBytes, limit }) => {
    const path = temporaryDirectory();
    // Of no file more KiB than that: the last write that fits in part is short, the next one fails.
    const command = `ulimit -f ${limit * 2} && exec "$0" "$@"`;
    const args = ['-c', command, process.execPath, SCRIPT, path, `${blockBytes}`];
    const child = spawn('/bin/sh', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '';
    for await (const line of lines(child)) last = line;
    const [code, trouble, number] = last.split(' ');
    expect([code, trouble]).toEqual(['ERR_CACHE_WRITE', 'full']);

    const log = openLog(new NodeDisk(path));
    expect(readTexts(log)).toHaveLength(Number(number));
    expect(log.recovery.torn).toEqual([]);
    log.close();
  },
);

test('a closed log leaves no file open', () => {
  if (!existsSync('/proc/self/fd')) return;
  const path = temporaryDirectory();
  const isOurs = () => {
    const log = openLog(new NodeDisk(path), 1);
    for (let block = 0; block < 40; block++) appendText(log, 'text');
    readTexts(log);
    log.close();
    log.close();
  };
  isOurs();
  const before = readdirSync('/proc/self/fd').length;
  isOurs();
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

function lines(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  return createInterface({ input: child.stdout });
}

/** Nothing is denied to root. */
function asNobody(call: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    call();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test('what is no file and has the name of a segment is left alone and told, and its number is not given', () => {
  const path = temporaryDirectory();
  const target = join(temporaryDirectory(), 'elsewhere');
  writeFileSync(target, 'mine');
  symlinkSync(target, join(path, NAME));
  symlinkSync('nowhere', join(path, '0000000000000002.segment'));
  mkdirSync(join(path, '0000000000000003.segment'));
  const log = openLog(new NodeDisk(path));
  appendText(log, 'one');
  log.sync();
  const told = log.recovery.unreadable.map(({ segment, cause }) => [segment, String(cause)]);
  expect(told).toEqual([1, 2, 3].map((id) => [id, expect.stringContaining('it is a link')]));
  expect(log.segments().map(({ id }) => id)).toEqual([4]);
  expect(lstatSync(join(path, NAME)).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toBe('mine');
  log.close();
});
