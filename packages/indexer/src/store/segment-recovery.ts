import { open, unlink } from 'node:fs/promises';
import { readStart, type SegmentStart, walkBlocks } from './block-walk.js';
import { segmentPath } from './segment-files.js';
import { IndexBuilder, readIndex, type SegmentIndex, writeIndex } from './segment-index.js';

/** What was found when a segment of an earlier run was opened. */
export interface RecoveredSegment {
  readonly number: number;
  /** `undefined`: it has a newer format or a damaged header, and is left as it is. */
  readonly index: SegmentIndex | undefined;
  readonly bytes: number;
  /** The bytes that were cut from its end. */
  readonly tornBytes: number;
}

/**
 * Reads the index of a segment that is not written any more. If there is none that can be used, it reads
 * the segment, cuts what is torn at its end, and writes the index.
 *
 * @returns `undefined`: nothing in the segment was ever finished, and it was removed. Throws the error of
 * the system.
 */
export async function recoverSegment(
  folder: string,
  number: number,
): Promise<RecoveredSegment | undefined> {
  const path = segmentPath(folder, number);
  const file = await open(path, 'r+');
  let start: SegmentStart;
  let tornBytes = 0;
  try {
    start = await readStart(file);
    const { size } = await file.stat();
    if (start.kind === 'newer' || start.kind === 'damaged') {
      return { number, index: undefined, bytes: size, tornBytes };
    }
    if (start.kind === 'segment') {
      const { seed } = start;
      const known = await readIndex(folder, number, seed, size);
      if (known !== undefined) return { number, index: known, bytes: size, tornBytes };
      const builder = new IndexBuilder(start.header.created);
      for await (const part of walkBlocks(file, { ...walk, start: start.bytes, end: size, seed })) {
        if (part.kind === 'block') builder.add(part.offset, part.bytes, part.head);
        if (part.kind === 'damage') builder.addDamage(part);
        if (part.kind === 'torn') tornBytes = part.bytes;
      }
      const bytes = size - tornBytes;
      if (tornBytes > 0) await file.truncate(bytes);
      const index = builder.finish(bytes);
      await writeIndex(folder, number, seed, index);
      return { number, index, bytes, tornBytes };
    }
  } finally {
    await file.close();
  }
  await unlink(path);
  return undefined;
}

/** All frames are checked. */
const walk = { wants: () => true };
