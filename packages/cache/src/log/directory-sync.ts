import type { Disk, Done } from '../disk/disk.js';

/**
 * What was changed in the folder of the segments and is not certain to survive a power cut. Files
 * that do not count any more and could not be removed are removed before the next sync succeeds:
 * otherwise what is in them could come back.
 */
export class DirectorySync {
  readonly #disk: Disk;
  readonly #leftovers = new Set<string>();
  /** What an earlier run has removed is not certain to be gone. */
  #isDirty = true;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** A file is about to be created, removed or moved. */
  begin(): void {
    this.#isDirty = true;
  }

  /** Removes a file, now or later. */
  leaveOver(name: string): void {
    this.#leftovers.add(name);
    this.begin();
    try {
      this.#remove(name);
    } catch {
      // `clean` tries again, and tells.
    }
  }

  /** Removes what is left over. Throws what the disk throws. */
  clean(): void {
    for (const name of this.#leftovers) this.#remove(name);
  }

  /** Whether there is something to sync. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Throws what the disk throws. */
  sync(): void {
    if (this.#isDirty) this.#disk.syncFolder('segments');
    this.#isDirty = false;
  }

  /** Throws what the disk throws. What is changed meanwhile, is left to the next sync. */
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
