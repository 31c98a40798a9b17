import { join, resolve } from 'node:path';
import { makeFolder } from '../disk/node-disk.js';
import { CacheLockedError, CacheOpenError } from '../errors.js';
import { FileLock, type LockAttempt } from './file-lock.js';

const NAME = 'lock';

/**
 * Takes the lock of the folder of a cache, which is that of a file in it, and creates the folder if it is
 * missing. One muxer at a time uses it, in this process or another.
 * @throws {CacheLockedError} another muxer has it
 * @throws {CacheOpenError} the file cannot be written or locked
 */
export function lockFolder(folder: string): FileLock {
  const path = resolve(folder);
  let attempt: LockAttempt;
  try {
    makeFolder(path);
    attempt = FileLock.take(join(path, NAME));
  } catch (cause) {
    throw new CacheOpenError(path, cause);
  }
  if (attempt.isTaken) return attempt.lock;
  throw new CacheLockedError(path, attempt.holder);
}
