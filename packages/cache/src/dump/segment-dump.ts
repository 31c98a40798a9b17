import type { DiskFile } from '../disk/disk.js';
import { BlockKind } from '../format/block.js';
import { decodeFurtherTags, type SegmentHeader } from '../format/segment-format.js';
import { readStart } from '../format/segment-start.js';
import { walkBlocks } from '../log/block-walk.js';
import { type DamagedRange, damagedBlock } from '../log/damage.js';
import { type Block, extended, readPayload } from '../log/segment-reader.js';

/** A part of the file of a segment, read without changing anything. */
export type SegmentPart =
  | { readonly kind: 'header'; readonly header: SegmentHeader }
  /** Nothing in it was ever finished. */
  | { readonly kind: 'empty' }
  /** The format is newer: nothing else is known. */
  | { readonly kind: 'newer'; readonly format: number }
  | ({ readonly kind: 'block'; readonly offset: number } & Block)
  | { readonly kind: 'tags'; readonly offset: number; readonly names: readonly string[] }
  | ({ readonly kind: 'damage' } & DamagedRange)
  /** The end of the file: a block that was never finished, or is just being written. */
  | { readonly kind: 'unfinished'; readonly offset: number; readonly bytes: number };

/**
 * Reads the parts of a segment in order, without blocks that are appended later. Throws the error of the
 * system.
 */
export function* dumpSegment(file: DiskFile): Generator<SegmentPart> {
  const end = file.size();
  const start = readStart(file, end);
  if (start.kind === 'corrupt') {
    yield { kind: 'damage', offset: 0, bytes: end, entries: undefined };
    return;
  }
  if (start.kind !== 'segment') {
    yield start;
    return;
  }
  const { header, headerBytes, crc } = start;
  yield { kind: 'header', header };
  const { sequence } = header;
  let tags: readonly (string | undefined)[] = header.tags;
  for (const found of walkBlocks(file, { start: headerBytes, end, crc, sequence })) {
    const { offset } = found;
    if (found.kind !== 'block') {
      const { bytes } = found;
      if (found.kind === 'torn') yield { kind: 'unfinished', offset, bytes };
      else yield { kind: 'damage', offset, bytes, entries: found.entries };
      continue;
    }
    const { header: block } = found;
    const frames = readPayload(file, offset, block);
    const further = frames && block.kind === BlockKind.tags ? decodeFurtherTags(frames) : undefined;
    if (frames === undefined) {
      yield { kind: 'damage', ...damagedBlock(offset, block) };
    } else if (block.kind === BlockKind.frames) {
      yield { kind: 'block', offset, frames, count: block.count, sequence: block.sequence, tags };
    } else if (further !== undefined) {
      tags = extended(tags, further.first, further.tags);
      yield { kind: 'tags', offset, names: further.tags };
    }
  }
}
