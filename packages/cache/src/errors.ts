import { hostname } from 'node:os';
import { counted, countedEntries, RingestError } from '@ringest/codec';

/**
 * What is wrong with the disk, or with the path: the key of the advice that its message has.
 *
 * - `full`: the disk, or the user's share of it
 * - `denied`: this user may not read or write there, or nobody may
 * - `not-a-folder`, `not-a-file`: something else has the name of a folder, or of a file of the cache
 * - `missing`: a part of the path is gone, or is a link that leads nowhere
 * - `name`: the path is too long, or its links lead in a circle
 * - `too-many-files`: the process or the system has no more open files to give
 * - `no-locks`: the file system cannot lock a file
 * - `no-addon`: the native module that locks a file could not be loaded
 * - `io`: the disk failed; `other`: something that has no name here
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
  | 'io'
  | 'other';

/** The disk under the cache did not do what it should. */
export abstract class CacheError extends RingestError {
  /** The folder of the cache. */
  readonly path: string;
  readonly trouble: DiskTrouble;
  /** What it did not do, for the message. */
  readonly what: string;

  constructor(path: string, what: string, cause: unknown) {
    const trouble = troubleOf(cause);
    super(`the cache in ${path} ${what}: ${ADVICE[trouble]} (${messageOf(cause)})`, { cause });
    this.path = path;
    this.trouble = trouble;
    this.what = what;
  }
}

/** The folder of the cache cannot be used: nothing was read, and nothing can be stored. */
export class CacheOpenError extends CacheError {
  readonly code = 'ERR_CACHE_OPEN';

  constructor(path: string, cause: unknown) {
    super(path, 'could not be opened', cause);
  }
}

/** Something could not be written or removed. Nothing of the attempt counts; later ones may succeed. */
export class CacheWriteError extends CacheError {
  readonly code = 'ERR_CACHE_WRITE';

  constructor(path: string, what: string, cause: unknown) {
    super(path, what, cause);
  }
}

/** A segment could not be read. It stays; others can still be read. */
export class CacheReadError extends CacheError {
  readonly code = 'ERR_CACHE_READ';
  readonly segment: number;

  constructor(path: string, segment: number, cause: unknown) {
    super(path, `could not read its segment ${segment}`, cause);
    this.segment = segment;
  }
}

/**
 * The disk did not confirm what was written. What the last successful sync covered is safe.
 */
export class CacheSyncError extends CacheError {
  readonly code = 'ERR_CACHE_SYNC';
  /**
   * Entries from this sequence on were taken out of the cache: append them again. `undefined`:
   * all are still in it, though maybe not on the disk; sync again.
   */
  readonly sequence: number | undefined;

  constructor(path: string, sequence: number | undefined, cause: unknown) {
    super(
      path,
      sequence === undefined
        ? 'could not be synced, sync it again'
        : `could not be synced, append its entries from ${sequence} on again`,
      cause,
    );
    this.sequence = sequence;
  }
}

/** Who has locked the folder of a cache. */
export interface LockHolder {
  readonly pid: number;
  /** The name of the machine or container in which the process has that number. */
  readonly host: string;
}

/** Another muxer uses the folder: two would destroy each other's segments. */
export class CacheLockedError extends RingestError {
  readonly code = 'ERR_CACHE_LOCKED';
  /** The folder of the cache. */
  readonly path: string;
  /** `undefined`: it has not said who it is, or that could not be read. */
  readonly holder: LockHolder | undefined;

  constructor(path: string, holder: LockHolder | undefined) {
    const isSelf = holder?.pid === process.pid && holder.host === hostname();
    const other = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
    const who = isSelf ? 'another muxer of this process' : other;
    super(`the cache in ${path} is in use by ${who}: end it, or give each its own folder`);
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

/** A block that the format cannot hold: it has no entry, or too many bytes. */
export class InvalidBlockError extends RingestError {
  readonly code = 'ERR_INVALID_BLOCK';

  constructor(entries: number, bytes: number) {
    super(
      `a block of ${countedEntries(entries)} in ${counted(bytes, 'byte')} cannot be stored: ` +
        'append one entry or more, in less than 4 GiB',
    );
  }
}

/** A segment cannot be removed while blocks are still appended to it. */
export class SegmentInUseError extends RingestError {
  readonly code = 'ERR_SEGMENT_IN_USE';
  readonly segment: number;

  constructor(segment: number, use: 'appended to' | 'read') {
    super(
      use === 'read'
        ? `segment ${segment} is being read already: end that first`
        : `segment ${segment} is still appended to: seal it, and wait until it is told as sealed`,
    );
    this.segment = segment;
  }
}

/** The thread of the cache died before the cache was open, or several did, one after the other. */
export class CacheThreadError extends RingestError {
  readonly code = 'ERR_CACHE_THREAD';

  constructor(path: string, cause: Error) {
    super(
      `the thread of the cache in ${path} died: ${cause.message}. ` +
        'If it does so again and again, look at the memory that is left, and at what is in the folder',
      { cause },
    );
  }
}

/** The segment that was asked for is not in the cache. */
export class UnknownSegmentError extends RingestError {
  readonly code = 'ERR_UNKNOWN_SEGMENT';
  readonly segment: number;

  constructor(segment: number) {
    super(`the cache has no segment ${segment}: it was removed, or taken back after a failed sync`);
    this.segment = segment;
  }
}

const ADVICE = {
  full: 'the disk is full, or what this user may have of it; make room',
  denied: 'permission denied, let this user read and write there',
  'not-a-folder': 'the path is a file, name a folder',
  'not-a-file': 'a folder has the name of a file of the cache; remove it, or name another path',
  missing:
    'a part of the path is missing, or a link that leads nowhere; restore it, or name another',
  name: 'the path is too long, or its links lead in a circle; name another',
  'too-many-files': 'too many files are open; raise the limit (ulimit -n), or close some',
  'no-locks': 'the file system cannot lock files; name a folder on another one',
  'no-addon':
    'the native module fs-native-extensions is needed to lock the folder; start Node.js without ' +
    '--no-addons, and install the module for this platform',
  io: 'the disk failed; look at the log of the system, and at the disk',
  other: 'the system refused; see what it says',
} as const satisfies Readonly<Record<DiskTrouble, string>>;

const TROUBLES: Readonly<Record<string, DiskTrouble>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EACCES: 'denied',
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
  if (!(cause instanceof Error) || !('code' in cause)) return 'io';
  const isFolderTaken = cause.code === 'EEXIST' && 'syscall' in cause && cause.syscall === 'mkdir';
  return isFolderTaken ? 'not-a-folder' : (TROUBLES[String(cause.code)] ?? 'other');
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
