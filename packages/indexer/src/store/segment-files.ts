import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const DIGITS = 16;
const SEGMENT = /^([0-9a-f]{16})\.segment$/;

/** The name of a segment's file. */
export function segmentName(number: number): string {
  return `${number.toString(16).padStart(DIGITS, '0')}.segment`;
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, segmentName(number));
}

/** The file with the index of a segment. */
export function indexPath(folder: string, number: number): string {
  return join(folder, `${number.toString(16).padStart(DIGITS, '0')}.index`);
}

/** The numbers of the segments in a folder, oldest first. Throws the error of the system. */
export async function segmentNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => {
      const digits = SEGMENT.exec(name)?.[1];
      return digits === undefined ? [] : [Number.parseInt(digits, 16)];
    })
    .sort((a, b) => a - b);
}

/** Opens a file to be read; `undefined`: it is gone. Throws any other error of the system. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes all bytes, one buffer after the other, from an offset on. Throws the error of the system. */
export async function writeAll(
  file: FileHandle,
  buffers: readonly Buffer[],
  offset: number,
): Promise<void> {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  let { bytesWritten: written } = await file.writev([...buffers], offset);
  if (written === bytes) return;
  const all = Buffer.concat(buffers, bytes);
  while (written < bytes) {
    const rest = await file.write(all, written, bytes - written, offset + written);
    written += rest.bytesWritten;
  }
}

/** Syncs a folder, so that the files that were made and renamed in it survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder, and needs no sync of it.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
