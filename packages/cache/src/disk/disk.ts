/** Where the files of a cache lie: the segments, or what was set aside. */
export type Folder = 'segments' | 'quarantine';

export interface DiskEntry {
  readonly name: string;
  /** 0 of what is no file. */
  readonly bytes: number;
  /** Whether it is a regular file: no link, no folder. */
  readonly isFile: boolean;
}

/** Called once, and never before the call has returned that it was given to. */
export type Done = (error: Error | undefined) => void;

/**
 * The few operations that the cache needs of a disk, synchronous but for two: it has a thread of its
 * own. Each throws what the system gives, an `Error` with `code`.
 *
 * What is written is certain to survive a power cut only after `DiskFile.sync`, and that a file was
 * created, removed or moved only after `syncFolder`. While one that was begun is under way, all else
 * can go on; it covers what was done before, and of what is done meanwhile nothing is certain.
 */
export interface Disk {
  /** For messages. */
  readonly path: string;
  /** What is in a folder, in any order. */
  list(folder: Folder): DiskEntry[];
  /** A new file for reading and writing. Throws when the name is taken. */
  create(folder: Folder, name: string): DiskFile;
  /** A file for reading and writing. */
  open(folder: Folder, name: string): DiskFile;
  remove(folder: Folder, name: string): void;
  /** Gives a file of `from` a new name in the quarantine. */
  setAside(from: Folder, name: string, newName: string): void;
  syncFolder(folder: Folder): void;
  beginSyncFolder(folder: Folder, done: Done): void;
}

export interface DiskFile {
  size(): number;
  /** Bytes read; less than asked for at any time, 0 at the end. */
  read(target: Uint8Array, at: number): number;
  /** Bytes written: less than given at any time. */
  write(bytes: Uint8Array, at: number): number;
  truncate(size: number): void;
  sync(): void;
  beginSync(done: Done): void;
  /** Can be called while a sync is under way, which is not disturbed by it. */
  close(): void;
}

/** The most that is read or written at once. */
export const PIECE_BYTES = 2 ** 20;

/** Fills the target from a place in the file. Throws when the file ends before. */
export function readFully(file: DiskFile, target: Uint8Array, at: number): void {
  let done = 0;
  while (done < target.length) {
    const piece = target.subarray(done, Math.min(done + PIECE_BYTES, target.length));
    const read = file.read(piece, at + done);
    if (read === 0) throw new Error(`the file ends at ${at + done}, sooner than it did`);
    done += read;
  }
}

export function writeFully(file: DiskFile, bytes: Uint8Array, at: number): void {
  let done = 0;
  while (done < bytes.length) {
    const written = file.write(bytes.subarray(done), at + done);
    if (written === 0) throw new Error(`the disk took none of ${bytes.length - done} bytes`);
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
 * Closes a file. What was synced is safe whatever closing says, and the rest is not in any case.
 */
export function closeQuietly(file: DiskFile): void {
  try {
    file.close();
  } catch {
    // See above.
  }
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
