import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import type { LockHolder } from '../errors.js';

const require = createRequire(import.meta.url);
const MODE = 0o600;
/** A place after the end of the file: on Windows, other processes cannot read locked bytes. */
const LOCKED_AT = 2 ** 30;

/** What came of the wish for a lock. */
export type LockAttempt =
  | { readonly isTaken: true; readonly lock: FileLock }
  /** `holder` is `undefined` when it has only just taken the lock, and not written to the file yet. */
  | { readonly isTaken: false; readonly holder: LockHolder | undefined };

/**
 * The lock of a file: one process at a time has it. It is the kernel's lock on an open file (an *open file
 * description lock* on Linux).
 *
 * - It ends with the process of its owner, even after `kill -9`: the kernel closes the file.
 * - When two processes start at the same time, exactly one gets it. There is never a stale lock to
 *   recognise and remove, which lock files with a process id or a time need.
 * - It belongs to the file, not to a path or a network namespace: two containers that share a volume
 *   see it, through any path. (A socket in the abstract namespace is invisible to another container, and
 *   any other user can take its name.)
 * - Node itself has no such lock; `fs-native-extensions` is a thin and prebuilt binding for it. It is
 *   loaded with the first lock: native modules are forbidden in some places (`--no-addons`).
 *
 * The file stays when the lock is released: removing it could remove it while another process has the
 * lock. It has the process id and the host of the last owner.
 */
export class FileLock implements Disposable {
  #fd: number | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes the lock, and creates the file if it is missing.
   * @throws the error of the system, or of loading the binding
   */
  static take(path: string): LockAttempt {
    const { tryLock } = nativeLocks();
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, MODE);
    let isTaken = false;
    try {
      isTaken = tryLock(fd, LOCKED_AT, 1);
      if (!isTaken) return { isTaken, holder: readHolder(fd) };
      fs.ftruncateSync(fd);
      fs.writeSync(fd, `${process.pid} ${hostname()}\n`, 0);
      return { isTaken, lock: new FileLock(fd) };
    } catch (error) {
      isTaken = false;
      throw error;
    } finally {
      if (!isTaken) fs.closeSync(fd);
    }
  }

  /** Releases the lock. A second call does nothing. */
  release(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function nativeLocks(): typeof import('fs-native-extensions') {
  return require('fs-native-extensions');
}

function readHolder(fd: number): LockHolder | undefined {
  const bytes = Buffer.alloc(300);
  const text = bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0));
  const match = /^(\d+) (.*)\n/.exec(text);
  return match ? { pid: Number(match[1]), host: `${match[2]}` } : undefined;
}
