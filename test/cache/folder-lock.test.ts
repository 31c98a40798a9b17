import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CacheLockedError, CacheOpenError, lockFolder } from '@ringest/cache/internal';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { thrown } from './logs.js';

const SCRIPT = fileURLToPath(new URL('locking-process.mjs', import.meta.url));

/** A process that takes the lock when it is asked to. */
class Locker {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    const child = spawn(process.execPath, [SCRIPT, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  async take(): Promise<string> {
    this.process.stdin?.write('\n');
    return this.line();
  }

  async kill(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

test('whoever comes second is told who has the folder', () => {
  const path = join(temporaryDirectory(), 'new');
  const lock = lockFolder(path);
  const error = thrown(CacheLockedError, () => lockFolder(path));

  expect(error).toMatchObject({ code: 'ERR_CACHE_LOCKED', path });
  expect(error.holder).toEqual({ pid: process.pid, host: hostname() });
  expect(error.message).toContain('in use by another muxer of this process');
  lock.release();
});

test('a lock that was given back can be taken again', () => {
  const path = temporaryDirectory();
  const lock = lockFolder(path);
  lock.release();
  lock.release();
  lockFolder(path).release();
});

test('another name of the same folder does not help', () => {
  const folder = temporaryDirectory();
  const path = join(folder, 'cache');
  mkdirSync(path);
  symlinkSync(path, join(folder, 'link'));
  const lock = lockFolder(path);

  expect(() => lockFolder(join(folder, 'link'))).toThrow(CacheLockedError);
  lock.release();
});

test('a path may be relative', () => {
  const path = join(temporaryDirectory(), 'new');
  const lock = lockFolder(relative(process.cwd(), path));
  expect(thrown(CacheLockedError, () => lockFolder(path)).path).toBe(path);
  lock.release();
});

test('a path that is a file is told as such', () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '');
  expect(thrown(CacheOpenError, () => lockFolder(path)).trouble).toBe('not-a-folder');
});

test('a lock dies with a process that is killed', async () => {
  const path = temporaryDirectory();
  const locker = new Locker(path);
  await locker.line();
  expect(await locker.take()).toBe('got');
  const error = thrown(CacheLockedError, () => lockFolder(path));
  expect(error.holder?.pid).toBe(locker.process.pid);
  await locker.kill();

  lockFolder(path).release();
});

test('of processes that start at the same time exactly one gets the lock, time and again', async () => {
  const path = temporaryDirectory();
  for (let round = 0; round < 2; round++) {
    const lockers = Array.from({ length: 4 }, () => new Locker(path));
    await Promise.all(lockers.map((locker) => locker.line()));
    const answers = await Promise.all(lockers.map((locker) => locker.take()));
    expect(answers.filter((answer) => answer === 'got')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('ERR_CACHE_LOCKED'))).toHaveLength(3);
    await Promise.all(lockers.map((locker) => locker.kill()));
  }
});

test.each([
  ['a folder named `lock`', 'not-a-file', /a folder has the name of a file of the cache/],
  ['a link that leads nowhere', 'missing', /is a broken link/],
  ['links in a circle', 'name', /its links form a loop/],
  ['a name that is too long', 'name', /too long/],
] as const)('%s is told as such', (what, trouble, advice) => {
  const folder = temporaryDirectory();
  const path = join(folder, what.includes('too long') ? 'x'.repeat(300) : 'cache');
  if (what.includes('lock')) mkdirSync(join(path, 'lock'), { recursive: true });
  if (what.includes('nowhere')) symlinkSync(join(folder, 'missing', 'folder'), path);
  if (what.includes('circle')) symlinkSync(path, path);
  const error = thrown(CacheOpenError, () => lockFolder(path));
  expect(error.trouble).toBe(trouble);
  expect(error.message).toMatch(advice);
});
