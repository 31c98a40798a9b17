import { hostname } from 'node:os';
import { counted, countedEntries, isError, messageOf, RingestError } from '@ringest/codec';

/**
 * What is wrong with the disk or with the path of the cache. The message of a {@link CacheError} has
 * advice for each of them.
 *
 * - `full`: the disk, or the quota of this user, is full
 * - `denied`: this user may not read or write there, or the file system is read-only
 * - `not-a-folder`: a file has the name of a folder in the path
 * - `not-a-file`: a folder has the name of a file of the cache
 * - `missing`: a part of the path does not exist, or is a broken link
 * - `name`: the path is too long, or its links form a loop
 * - `too-many-files`: the process or the system has too many open files
 * - `no-locks`: the file system cannot lock files
 * - `no-addon`: the native module that locks files could not be loaded
 * - `permission-model`: Node.js runs with `--permission`, which allows no `fsync`
 * - `io`: the disk failed
 * - `other`: any other problem
 */
export type DiskTrouble =
  | 'full'
  | 'denied'
  | 'not-a-folder'
  | 'not-a-file'
  | 'missing'
  | 'name'
  | 'too-many-files'
  | 'no-locks'
  | 'no-addon'
  | 'permission-model'
  | 'io'
  | 'other';

/** The base class of errors of the disk cache that the disk or the path causes. */
export abstract class CacheError extends RingestError {
  /** The folder of the cache. */
  readonly path: string;
  /** What is wrong with the disk or the path. */
  readonly trouble: DiskTrouble;
  /** What failed, as in the message. */
  readonly what: string;

  constructor(path: string, what: string, cause: unknown) {
    const trouble = troubleOf(cause);
    super(`the cache in ${path} ${what}: ${ADVICE[trouble]} (${messageOf(cause)})`, { cause });
    this.path = path;
    this.trouble = trouble;
    this.what = what;
  }
}

/** The folder of the cache cannot be used. Nothing was read, and nothing can be stored. */
export class CacheOpenError extends CacheError {
  readonly code = 'ERR_CACHE_OPEN';

  constructor(path: string, cause: unknown) {
    super(path, 'could not be opened', cause);
  }
}

/** The cache could not write or remove something. The attempt had no effect, and a later one may succeed. */
export class CacheWriteError extends CacheError {
  readonly code = 'ERR_CACHE_WRITE';

  constructor(path: string, what: string, cause: unknown) {
    super(path, what, cause);
  }
}

/** The cache could not read a segment. The segment is kept, and other segments can still be read. */
export class CacheReadError extends CacheError {
  readonly code = 'ERR_CACHE_READ';
  /** The number of the segment. */
  readonly segment: number;

  constructor(path: string, segment: number, cause: unknown) {
    super(path, `could not read its segment ${segment}`, cause);
    this.segment = segment;
  }
}

/** The disk did not sync what was written. What an earlier sync covered is safe. */
export class CacheSyncError extends CacheError {
  readonly code = 'ERR_CACHE_SYNC';
  /**
   * The first entry that was removed from the cache and must be appended again. `undefined`: all entries
   * are still in the cache, maybe not on disk, and must be synced again.
   */
  readonly sequence: number | undefined;

  constructor(path: string, sequence: number | undefined, cause: unknown) {
    super(
      path,
      sequence === undefined
        ? 'could not be synced and must be synced again'
        : `could not be synced; entries from ${sequence} on must be appended again`,
      cause,
    );
    this.sequence = sequence;
  }
}

/** The process that has locked the folder of a cache. */
export interface LockHolder {
  /** The process id. */
  readonly pid: number;
  /** The host name of the machine or container of the process. */
  readonly host: string;
}

/** Another muxer uses the folder of the cache. Two would destroy each other's segments. */
export class CacheLockedError extends RingestError {
  readonly code = 'ERR_CACHE_LOCKED';
  /** The folder of the cache. */
  readonly path: string;
  /** The process that uses the folder; `undefined`: it is not known. */
  readonly holder: LockHolder | undefined;

  constructor(path: string, holder: LockHolder | undefined) {
    const isSelf = holder?.pid === process.pid && holder.host === hostname();
    const other = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    const who = isSelf ? 'another muxer of this process' : other;
    super(
      `the cache in ${path} is in use by ${who}: close that muxer, or give each muxer its own folder`,
    );
    this.path = path;
    this.holder = holder;
  }
}

/** The cache was used after it was closed. */
export class CacheClosedError extends RingestError {
  readonly code = 'ERR_CACHE_CLOSED';

  constructor(path: string) {
    super(`the cache in ${path} is closed: open it again`);
  }
}

/** A block without entries or of 4 GiB or more, which the format cannot hold. */
export class InvalidBlockError extends RingestError {
  readonly code = 'ERR_INVALID_BLOCK';

  constructor(entries: number, bytes: number) {
    super(
      `a block of ${countedEntries(entries)} in ${counted(bytes, 'byte')} cannot be stored: ` +
        'append one entry or more, in less than 4 GiB',
    );
  }
}

/** A segment cannot be removed or read, because it is appended to or read. */
export class SegmentInUseError extends RingestError {
  readonly code = 'ERR_SEGMENT_IN_USE';
  /** The number of the segment. */
  readonly segment: number;

  constructor(segment: number, use: 'appended to' | 'read') {
    super(
      use === 'read'
        ? `segment ${segment} is being read already: wait until that has ended`
        : `segment ${segment} is still appended to: seal it, and wait for the event that says so`,
    );
    this.segment = segment;
  }
}

/** The thread of the cache died before the cache was open, or died repeatedly. */
export class CacheThreadError extends RingestError {
  readonly code = 'ERR_CACHE_THREAD';

  constructor(path: string, cause: Error) {
    super(
      `the thread of the cache in ${path} died: ${cause.message}. ` +
        'If that happens repeatedly, check the free memory, and the files in the folder',
      { cause },
    );
  }
}

/** The cache does not have the requested segment. */
export class UnknownSegmentError extends RingestError {
  readonly code = 'ERR_UNKNOWN_SEGMENT';
  /** The number of the segment. */
  readonly segment: number;

  constructor(segment: number) {
    super(`the cache has no segment ${segment}: it was removed, or undone after a failed sync`);
    this.segment = segment;
  }
}

const ADVICE = {
  full: 'the disk is full, or the quota of this user is; free some space',
  denied: 'permission denied; let this user read and write there',
  'not-a-folder': 'the path is a file; give the path of a folder',
  'not-a-file': 'a folder has the name of a file of the cache; remove it, or give another path',
  missing:
    'a part of the path does not exist, or is a broken link; restore it, or give another path',
  name: 'the path is too long, or its links form a loop; give another path',
  'too-many-files': 'too many files are open; raise the limit (ulimit -n), or close some',
  'no-locks': 'the file system cannot lock files; give a folder on another one',
  'no-addon':
    'the native module fs-native-extensions is needed to lock the folder; start Node.js without ' +
    '--no-addons, and install the module for this platform',
  'permission-model':
    'a cache needs fsync, which the permission model of Node.js does not allow; start Node.js without ' +
    '--permission, or leave out the option cache',
  io: 'the disk failed; check the system log and the disk',
  other: 'the system reported an error; see its message',
} as const satisfies Readonly<Record<DiskTrouble, string>>;

const TROUBLES: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'denied',
  ERR_ACCESS_DENIED: 'permission-model',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOTDIR: 'not-a-folder',
  EISDIR: 'not-a-file',
  ENOENT: 'missing',
  ELOOP: 'name',
  ENAMETOOLONG: 'name',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
  ENOLCK: 'no-locks',
  ENOSYS: 'no-locks',
  ENOTSUP: 'no-locks',
  EOPNOTSUPP: 'no-locks',
  CANNOT_LOAD: 'no-addon',
  ADDON_NOT_FOUND: 'no-addon',
  MODULE_NOT_FOUND: 'no-addon',
  ERR_DLOPEN_DISABLED: 'no-addon',
  ERR_DLOPEN_FAILED: 'no-addon',
  EIO: 'io',
  ENODEV: 'io',
  ENXIO: 'io',
  ESTALE: 'io',
};

function troubleOf(cause: unknown): DiskTrouble {
  if (!isError(cause) || !('code' in cause)) return 'io';
  const isFolderTaken = cause.code === 'EEXIST' && 'syscall' in cause && cause.syscall === 'mkdir';
  return isFolderTaken ? 'not-a-folder' : (TROUBLES[String(cause.code)] ?? 'other');
}
