import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '../disk/node-disk.js';
import { CacheLockedError, CacheOpenError, type LockHolder } from '../errors.js';

const require = createRequire(import.meta.url);
const NAME = 'lock';
const MODE = 0o600;
/** Behind all that is ever in the file: on Windows nobody else could read what is locked. */
const LOCKED_AT = 2 ** 30;

/**
 * Makes sure that one muxer at a time uses a folder, in this process or another: the kernel's lock
 * on an open file (an *open file description lock* on Linux) in that folder.
 *
 * - It dies with its owner, however that ends: the kernel takes it back when the file is closed.
 * - Of two who start at the same time one gets it; there is nothing stale that anybody would have
 *   to recognise and clear away, which is where lock files with a process id or a time in them fail.
 * - It goes with the folder, not with its name or the system's network namespace: two containers
 *   that share a volume see it, through whatever path. (A socket in the abstract namespace is
 *   invisible to another container, and its name can be taken by any other user.)
 * - Node itself has no such lock; `fs-native-extensions` is a thin and prebuilt binding for it. It is
 *   loaded with the first cache: native modules are forbidden in some places (`--no-addons`).
 *
 * The file stays when the lock is given back: who removes it, may remove it under another's lock. It
 * says who has the lock, or had it last.
 */
export class FolderLock {
  #fd: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes the lock, and makes the folder if it is missing.
   * @throws {CacheLockedError} when another has it
   * @throws {CacheOpenError} when the file cannot be written or locked, or nothing can
   */
  static take(folder: string): FolderLock {
    const path = resolve(folder);
    let fd: number | undefined;
    try {
      const { tryLock } = nativeLocks();
      makeFolder(path);
      fd = fs.openSync(join(path, NAME), fs.constants.O_RDWR | fs.constants.O_CREAT, MODE);
      if (tryLock(fd, LOCKED_AT, 1)) {
        fs.ftruncateSync(fd);
        fs.writeSync(fd, `${process.pid} ${hostname()}\n`, 0);
        return new FolderLock(fd);
      }
    } catch (cause) {
      if (fd !== undefined) fs.closeSync(fd);
      throw new CacheOpenError(path, cause);
    }
    const holder = readHolder(fd);
    fs.closeSync(fd);
    throw new CacheLockedError(path, holder);
  }

  /** Gives the lock back. Can be called again. */
  release(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function nativeLocks(): typeof import('fs-native-extensions') {
  return require('fs-native-extensions');
}

/** @returns `undefined` when it has only just taken the lock, and not said so yet */
function readHolder(fd: number): LockHolder | undefined {
  const bytes = Buffer.alloc(300);
  const text = bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0));
  const match = /^(\d+) (.*)\n/.exec(text);
  return match ? { pid: Number(match[1]), host: `${match[2]}` } : undefined;
}
