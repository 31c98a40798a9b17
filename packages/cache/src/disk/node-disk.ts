import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CacheOpenError } from '../errors.js';
import { ALIGNMENT, isAlignedTo } from './aligned-memory.js';
import { DirectWriter } from './direct-writer.js';
import type { Disk, DiskEntry, DiskFile, Done, Folder } from './disk.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * From this many bytes on, a write goes past the cache of the operating system. It then waits for the disk,
 * which takes longer for few bytes than copying them.
 */
const MIN_DIRECT_BYTES = 262144;

export interface NodeDiskOptions {
  /** Whether large writes go past the cache of the operating system, where that is possible. */
  readonly isDirect: boolean;
}

/**
 * A folder of the file system, with the folder `quarantine` in it. Both have the mode 0700: only the owner
 * has access.
 */
export class NodeDisk implements Disk {
  readonly path: string;
  readonly #folders: Readonly<Record<Folder, string>>;
  readonly #options: NodeDiskOptions;

  /**
   * Makes the folders if they are missing.
   * @throws {CacheOpenError} a folder cannot be made
   */
  constructor(path: string, options: NodeDiskOptions = { isDirect: true }) {
    this.path = resolve(path);
    this.#options = options;
    this.#folders = { segments: this.path, quarantine: join(this.path, 'quarantine') };
    try {
      makeFolder(this.#folders.quarantine);
    } catch (cause) {
      throw new CacheOpenError(this.path, cause);
    }
  }

  list(folder: Folder): DiskEntry[] {
    return fs.readdirSync(this.#folders[folder], { withFileTypes: true }).map((entry) => {
      const { name } = entry;
      const isFile = entry.isFile();
      return { name, bytes: isFile ? fs.statSync(this.#pathOf(folder, name)).size : 0, isFile };
    });
  }

  create(folder: Folder, name: string): DiskFile {
    const fd = fs.openSync(this.#pathOf(folder, name), 'wx+', FILE_MODE);
    return new NodeFile(fd, this.#options);
  }

  open(folder: Folder, name: string): DiskFile {
    return new NodeFile(fs.openSync(this.#pathOf(folder, name), 'r+'), this.#options);
  }

  /**
   * Removes the name at once. The file system frees the bytes when the last open file is closed, which takes
   * 18 ms for 64 MiB: so this opens the file first, and lets a thread of Node.js close it.
   */
  remove(folder: Folder, name: string): void {
    const path = this.#pathOf(folder, name);
    const fd = openIfPossible(path);
    try {
      fs.unlinkSync(path);
    } catch (error) {
      // The file is gone already, which is what the caller wants.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      if (fd !== undefined) closeLater(fd);
    }
  }

  setAside(from: Folder, name: string, newName: string): void {
    fs.renameSync(this.#pathOf(from, name), this.#pathOf('quarantine', newName));
  }

  syncFolder(folder: Folder): void {
    syncFolder(this.#folders[folder]);
  }

  beginSyncFolder(folder: Folder, done: Done): void {
    const fd = fs.openSync(this.#folders[folder], 'r');
    fs.fsync(fd, (error) => {
      fs.closeSync(fd);
      done(error ?? undefined);
    });
  }

  #pathOf(folder: Folder, name: string): string {
    return join(this.#folders[folder], name);
  }
}

class NodeFile implements DiskFile {
  readonly #fd: number;
  /** `undefined`: no write goes past the cache of the operating system. */
  readonly #direct: DirectWriter | undefined;
  #isSyncing = false;
  #isClosed = false;

  constructor(fd: number, { isDirect }: NodeDiskOptions) {
    this.#fd = fd;
    this.#direct = isDirect ? new DirectWriter(fd) : undefined;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  read(target: Uint8Array, at: number): number {
    return fs.readSync(this.#fd, target, 0, target.length, at);
  }

  /** A large block is written in three parts: up to a multiple of `ALIGNMENT`, directly, and its rest. */
  write(bytes: Uint8Array, at: number): number {
    const direct = this.#direct;
    if (direct?.isPossible && bytes.length >= MIN_DIRECT_BYTES && isAlignedTo(bytes, at)) {
      const before = (ALIGNMENT - (at % ALIGNMENT)) % ALIGNMENT;
      if (before > 0) return fs.writeSync(this.#fd, bytes, 0, before, at);
      const whole = bytes.subarray(0, bytes.length - (bytes.length % ALIGNMENT));
      const written = direct.write(whole, at);
      if (written !== undefined) return written;
    }
    return fs.writeSync(this.#fd, bytes, 0, bytes.length, at);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  sync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  beginSync(done: Done): void {
    this.#isSyncing = true;
    fs.fdatasync(this.#fd, (error) => {
      this.#isSyncing = false;
      if (this.#isClosed) closeLater(this.#fd);
      done(error ?? undefined);
    });
  }

  /**
   * Closes the file, after the sync if one runs: a file opened before its end could get the same
   * descriptor.
   */
  close(): void {
    this.#isClosed = true;
    this.#direct?.close();
    if (!this.#isSyncing) fs.closeSync(this.#fd);
  }
}

/** Opens a file for reading only. Throws the error of the system. */
export function openToRead(path: string): DiskFile {
  return new NodeFile(fs.openSync(path, 'r'), { isDirect: false });
}

/**
 * Makes a folder, and those above it, if they are missing. Throws the error of the system.
 * It syncs the folder above each new one: without that, the new one may not survive a power cut.
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  const first = makeFolders(path);
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    syncFolder(dirname(made));
    if (made === first) return;
  }
}

function openIfPossible(path: string): number | undefined {
  try {
    return fs.openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** Closes a file in a thread of Node.js. Errors are ignored, as in `closeQuietly`. */
function closeLater(fd: number): void {
  fs.close(fd, () => {});
}

function syncFolder(path: string): void {
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Makes the missing folders of a path. It does not use the option `recursive`: with it, `mkdirSync` never
 * returns where a folder above accepts no new one.
 * @returns the topmost new folder; `undefined`: none was missing
 */
function makeFolders(path: string): string | undefined {
  try {
    fs.mkdirSync(path, { mode: FOLDER_MODE });
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && fs.statSync(path).isDirectory()) return undefined;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    const first = makeFolders(dirname(path));
    fs.mkdirSync(path, { mode: FOLDER_MODE });
    return first ?? path;
  }
}
