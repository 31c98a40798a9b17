import { closeQuietly, type Disk, type DiskFile, readPieces, writeFully } from '../disk/disk.js';
import { damagedId, damageName, segmentName } from '../format/segment-format.js';

const PARTIAL = '.partial';

/**
 * The folder for damaged parts of segments, so that people can inspect them. A file is in it whole or not
 * at all, also after a power cut. Nothing is removed from it except unfinished copies.
 */
export class Quarantine {
  readonly #disk: Disk;
  /** Bytes by name. */
  readonly #files = new Map<string, number>();
  /** `true` at first: copies of an earlier run may not have reached the disk. */
  #isDirty = true;

  /** Throws the error of the system. */
  constructor(disk: Disk) {
    this.#disk = disk;
    for (const { name, bytes, isFile } of disk.list('quarantine')) {
      if (isFile) this.#files.set(name, bytes);
    }
    for (const name of this.#files.keys()) {
      if (damagedId(name) !== undefined && name.endsWith(PARTIAL)) this.#removeUnfinished(name);
    }
  }

  /** The size of all its files in bytes. */
  get bytes(): number {
    let sum = 0;
    for (const bytes of this.#files.values()) sum += bytes;
    return sum;
  }

  /** The highest number of a segment that a file came from; 0: there is none. */
  get lastId(): number {
    let last = 0;
    for (const name of this.#files.keys()) last = Math.max(last, damagedId(name) ?? 0);
    return last;
  }

  /**
   * Copies a range of a segment, unless an earlier run has copied it. Throws the error of the system.
   * @returns whether the copy is new
   */
  copy(id: number, file: DiskFile, offset: number, bytes: number): boolean {
    const name = damageName(id, offset);
    if (this.#files.get(name) === bytes) return false;
    const partial = name + PARTIAL;
    if (this.#files.has(partial)) this.#remove(partial);
    const copy = this.#disk.create('quarantine', partial);
    this.#files.set(partial, bytes);
    try {
      copyRange(file, offset, bytes, copy);
      this.#disk.setAside('quarantine', partial, name);
    } catch (cause) {
      this.#removeUnfinished(partial);
      throw cause;
    }
    this.#files.delete(partial);
    this.#files.set(name, bytes);
    this.#isDirty = true;
    return true;
  }

  /** Moves a whole segment into the quarantine. Throws the error of the system. */
  move(id: number, bytes: number): void {
    const name = segmentName(id);
    this.#disk.setAside('segments', name, name);
    this.#files.set(name, bytes);
    this.#isDirty = true;
  }

  /** Syncs the folder. Call it before the original of a copy is removed. Throws the error of the system. */
  sync(): void {
    if (this.#isDirty) this.#disk.syncFolder('quarantine');
    this.#isDirty = false;
  }

  #removeUnfinished(name: string): void {
    try {
      this.#remove(name);
    } catch {
      // The next run tries again.
    }
  }

  #remove(name: string): void {
    this.#disk.remove('quarantine', name);
    this.#files.delete(name);
  }
}

/** Copies a range of a file to another file, and syncs and closes that. */
function copyRange(file: DiskFile, offset: number, bytes: number, copy: DiskFile): void {
  try {
    let at = 0;
    for (const piece of readPieces(file, offset, offset + bytes)) {
      writeFully(copy, piece, at);
      at += piece.length;
    }
    copy.sync();
  } finally {
    closeQuietly(copy);
  }
}
