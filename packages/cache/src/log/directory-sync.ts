import type { Disk, Done } from '../disk/disk.js';

/**
 * Syncs the folder of the segments. The folder is dirty when a change in it may not survive a power cut.
 * Files that must go and could not be removed are removed before the next sync succeeds; otherwise their
 * entries would be read in the next run.
 */
export class DirectorySync {
  readonly #disk: Disk;
  readonly #leftovers = new Set<string>();
  /** `true` at first: removals of an earlier run may not have reached the disk. */
  #isDirty = true;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** A file is about to be created, removed or moved. */
  begin(): void {
    this.#isDirty = true;
  }

  /** Removes a file now if possible, otherwise before the next sync. */
  leaveOver(name: string): void {
    this.#leftovers.add(name);
    this.begin();
    try {
      this.#remove(name);
    } catch {
      // `clean` tries again, and throws.
    }
  }

  /** Removes the files that are left over. Throws the error of the system. */
  clean(): void {
    for (const name of this.#leftovers) this.#remove(name);
  }

  /** Whether there is something to sync. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Throws the error of the system. */
  sync(): void {
    if (this.#isDirty) this.#disk.syncFolder('segments');
    this.#isDirty = false;
  }

  /** Begins a sync. Later changes need another one. Throws the error of the system. */
  beginSync(done: Done): void {
    this.#disk.beginSyncFolder('segments', (error) => {
      if (error !== undefined) this.#isDirty = true;
      done(error);
    });
    this.#isDirty = false;
  }

  #remove(name: string): void {
    this.#disk.remove('segments', name);
    this.#leftovers.delete(name);
  }
}
