import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { StoreLockedError, StoreOpenError } from '../errors.js';

const require = createRequire(import.meta.url);

/** A place after the end of the file: on Windows, other processes cannot read locked bytes. */
const LOCKED_AT = 2 ** 30;

/**
 * Takes the lock of a folder: one store at a time writes to it. It is the kernel's lock on an open file,
 * and ends with the process of its owner. The file stays, and has the process id of the last owner.
 *
 * @returns a function that releases the lock
 * @throws {StoreLockedError} another store has it
 * @throws {StoreOpenError} the file cannot be written or locked
 */
export function lockStore(folder: string): () => void {
  const path = join(folder, 'lock');
  let fd: number | undefined;
  let isLocked: boolean;
  try {
    // A native module, which is loaded only by who has a store.
    const { tryLock }: typeof import('fs-native-extensions') = require('fs-native-extensions');
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    isLocked = tryLock(fd, LOCKED_AT, 1);
    if (isLocked) {
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`, 0);
    }
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    throw new StoreOpenError(folder, cause);
  }
  const own = fd;
  if (isLocked) return () => closeSync(own);
  closeSync(own);
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  throw new StoreLockedError(folder, Number.isNaN(pid) ? undefined : pid);
}
