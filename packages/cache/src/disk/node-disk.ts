import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CacheOpenError } from '../errors.js';
import type { Disk, DiskEntry, DiskFile, Done, Folder } from './disk.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** A folder of the file system, with the folder `quarantine` in it. Only its owner can look inside. */
export class NodeDisk implements Disk {
  readonly path: string;
  readonly #folders: Readonly<Record<Folder, string>>;

  /**
   * Makes the folders where they are missing.
   * @throws {CacheOpenError} when that is not possible
   */
  constructor(path: string) {
    this.path = resolve(path);
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
    return new NodeFile(fs.openSync(this.#pathOf(folder, name), 'wx+', FILE_MODE));
  }

  open(folder: Folder, name: string): DiskFile {
    return new NodeFile(fs.openSync(this.#pathOf(folder, name), 'r+'));
  }

  /**
   * The name is gone at once; that its bytes are free takes long for a large file (18 ms for 64 MiB),
   * and is left to another thread: it happens when the last who has it open closes it.
   */
  remove(folder: Folder, name: string): void {
    const path = this.#pathOf(folder, name);
    const fd = openIfPossible(path);
    try {
      fs.unlinkSync(path);
    } catch (error) {
      // Somebody has removed it already.
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
  #isSyncing = false;
  #isClosed = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  read(target: Uint8Array, at: number): number {
    return fs.readSync(this.#fd, target, 0, target.length, at);
  }

  write(bytes: Uint8Array, at: number): number {
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

  /** Not while a sync is under way: the next file that is opened could get the number. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isSyncing) fs.closeSync(this.#fd);
  }
}

/** A file that is only read. Throws what the system gives. */
export function openToRead(path: string): DiskFile {
  return new NodeFile(fs.openSync(path, 'r'));
}

/**
 * Makes a folder where it is missing. Throws what the system gives.
 * A new folder is certain to be there after a power cut once the one above it is synced.
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

/** In another thread. What it says is of no interest: see `closeQuietly`. */
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

/** Not by `recursive`, with which Node never returns where a folder takes none. @returns the first it made */
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
