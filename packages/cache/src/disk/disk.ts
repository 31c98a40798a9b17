/** The two folders of a cache: `segments`, and `quarantine` for damaged parts of segments. */
export type Folder = 'segments' | 'quarantine';

/** A file, or anything else with a name, in a folder of the cache. */
export interface DiskEntry {
  readonly name: string;
  /** The size; 0: it is not a regular file. */
  readonly bytes: number;
  /** Whether it is a regular file: no link, no folder. */
  readonly isFile: boolean;
}

/** Called once, after the function that it was given to has returned. */
export type Done = (error: Error | undefined) => void;

/**
 * The few operations that the cache needs of a disk. Only two are asynchronous, because the cache has a
 * thread of its own. Each throws the error of the system, which has a `code`.
 *
 * Written bytes survive a power cut only after `DiskFile.sync`. Creating, removing and moving a file
 * survives only after `syncFolder`. During an asynchronous sync all operations are allowed; the sync
 * covers only what was done before it began.
 */
export interface Disk {
  /** The path of the segments, for messages. */
  readonly path: string;
  /** The entries of a folder, in any order. */
  list(folder: Folder): DiskEntry[];
  /** Creates a file for reading and writing. Throws when the name is taken. */
  create(folder: Folder, name: string): DiskFile;
  /** Opens a file for reading and writing. */
  open(folder: Folder, name: string): DiskFile;
  remove(folder: Folder, name: string): void;
  /** Moves a file of `from` to the quarantine, with a new name. */
  setAside(from: Folder, name: string, newName: string): void;
  syncFolder(folder: Folder): void;
  beginSyncFolder(folder: Folder, done: Done): void;
}

/** An open file. All offsets and sizes are in bytes. */
export interface DiskFile {
  size(): number;
  /** Reads bytes. Returns how many: maybe fewer than asked for, and 0 at the end of the file. */
  read(target: Uint8Array, at: number): number;
  /**
   * Writes bytes. Returns how many: maybe fewer than given. Many bytes cost least if they lie in memory as
   * they are to lie in the file, see `aligned-memory.ts`.
   */
  write(bytes: Uint8Array, at: number): number;
  truncate(size: number): void;
  sync(): void;
  beginSync(done: Done): void;
  /** Closes the file. A sync that is running is not disturbed. */
  close(): void;
}

/** The most bytes that are read or written at once. */
export const PIECE_BYTES = 2 ** 20;

/** Fills the target from a place in the file. Throws when the file ends before. */
export function readFully(file: DiskFile, target: Uint8Array, at: number): void {
  let done = 0;
  while (done < target.length) {
    const piece = target.subarray(done, Math.min(done + PIECE_BYTES, target.length));
    const read = file.read(piece, at + done);
    if (read === 0) throw new Error(`the file has become shorter: it ends at byte ${at + done}`);
    done += read;
  }
}

/** Writes all bytes at a place in the file. Throws the error of the system. */
export function writeFully(file: DiskFile, bytes: Uint8Array, at: number): void {
  let done = 0;
  while (done < bytes.length) {
    const written = file.write(bytes.subarray(done), at + done);
    if (written === 0) throw new Error(`the disk wrote none of ${bytes.length - done} bytes`);
    done += written;
  }
}

/** The bytes of a range, piece by piece. A piece is overwritten by the next. */
export function* readPieces(file: DiskFile, from: number, to: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - from));
  for (let at = from; at < to; ) {
    const piece = buffer.subarray(0, Math.min(buffer.length, to - at));
    readFully(file, piece, at);
    yield piece;
    at += piece.length;
  }
}

/**
 * Closes a file and ignores errors: an error of closing changes nothing about what was synced, and says
 * nothing certain about the rest.
 */
export function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // The comment of the function says why.
  }
}

/** Whether all bytes are 0. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
