import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CacheOpenError } from '../errors.js';
import type { Disk, DiskEntry, DiskFile, Done, Folder } from './disk.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * A folder of the file system, with the folder `quarantine` in it. Both have the mode 0700: only the owner
 * has access.
 */
export class NodeDisk implements Disk {
  readonly path: string;
  readonly #folders: Readonly<Record<Folder, string>>;

  /**
   * Makes the folders if they are missing.
   * @throws {CacheOpenError} a folder cannot be made
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

  /**
   * Closes the file, after the sync if one runs: a file opened before its end could get the same
   * descriptor.
   */
  close(): void {
    this.#isClosed = true;
    if (!this.#isSyncing) fs.closeSync(this.#fd);
  }
}

/** Opens a file for reading only. Throws the error of the system. */
export function openToRead(path: string): DiskFile {
  return new NodeFile(fs.openSync(path, 'r'));
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
