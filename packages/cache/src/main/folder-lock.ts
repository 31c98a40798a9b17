import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from '../disk/node-disk.js';
import { CacheLockedError, CacheOpenError, type LockHolder } from '../errors.js';

const require = createRequire(import.meta.url);
const NAME = 'lock';
const MODE = 0o600;
/** A place after the end of the file: on Windows, other processes cannot read locked bytes. */
const LOCKED_AT = 2 ** 30;

/**
 * The lock of a folder: one muxer at a time uses it, in this process or another. It is the kernel's lock
 * on an open file (an *open file description lock* on Linux) in that folder.
 *
 * - It ends with the process of its owner, even after `kill -9`: the kernel closes the file.
 * - When two processes start at the same time, exactly one gets it. There is never a stale lock to
 *   recognise and remove, which lock files with a process id or a time need.
 * - It belongs to the folder, not to a path or a network namespace: two containers that share a volume
 *   see it, through any path. (A socket in the abstract namespace is invisible to another container, and
 *   any other user can take its name.)
 * - Node itself has no such lock; `fs-native-extensions` is a thin and prebuilt binding for it. It is
 *   loaded with the first cache: native modules are forbidden in some places (`--no-addons`).
 *
 * The file stays when the lock is released: removing it could remove it while another process has the
 * lock. It has the process id and the host of the last owner.
 */
export class FolderLock {
  #fd: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes the lock, and creates the folder if it is missing.
   * @throws {CacheLockedError} another muxer has it
   * @throws {CacheOpenError} the file cannot be written or locked
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

  /** Releases the lock. A second call does nothing. */
  release(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function nativeLocks(): typeof import('fs-native-extensions') {
  return require('fs-native-extensions');
}

/** @returns `undefined` when the owner has only just taken the lock, and not written to the file yet */
function readHolder(fd: number): LockHolder | undefined {
  const bytes = Buffer.alloc(300);
  const text = bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0));
  const match = /^(\d+) (.*)\n/.exec(text);
  return match ? { pid: Number(match[1]), host: `${match[2]}` } : undefined;
}
