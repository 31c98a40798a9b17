import { crc32c } from '@node-rs/crc32';
import { type DiskFile, readFully } from '../disk/disk.js';
import { BLOCK_HEADER_BYTES, type BlockHeader, BlockKind, sequenceAfter } from '../format/block.js';
import { decodeFurtherTags } from '../format/segment-format.js';
import { walkBlocks } from './block-walk.js';
import { type DamagedRange, damagedBlock } from './damage.js';
import type { Segment } from './segment.js';

/** Frames that were appended together. */
export interface Block {
  /** Unstamped frames, back to back, in memory that the caller may keep. */
  readonly frames: Buffer<ArrayBuffer>;
  readonly count: number;
  /** The sequence of the first entry. */
  readonly sequence: number;
  /** Names by the tags in the frames; `undefined`: the block that has the name is damaged. */
  readonly tags: readonly (string | undefined)[];
}

/** The end of a segment when reading begins. Blocks that are appended later are not read. */
export interface End {
  readonly bytes: number;
  readonly sequence: number;
}

/**
 * Reads the blocks of a segment, one by one. Throws the error of the system.
 * @param from blocks before this sequence are skipped
 * @param onDamage called for each damaged part that was not known before
 */
export function* readBlocks(
  file: DiskFile,
  segment: Segment,
  end: End,
  from: number,
  onDamage: (range: DamagedRange) => void,
): Generator<Block> {
  const { crc, headerBytes: start, header } = segment;
  let { sequence } = header;
  let tags: readonly (string | undefined)[] = header.tags;
  const damaged = (range: DamagedRange): void => {
    if (!segment.knows(range)) onDamage(range);
  };
  for (const found of walkBlocks(file, { start, end: end.bytes, crc, sequence })) {
    if (found.kind !== 'block') {
      const known = found.kind === 'damage' ? found.entries : undefined;
      const entries = known ?? end.sequence - sequence;
      damaged({ offset: found.offset, bytes: found.bytes, entries });
      sequence += entries;
      continue;
    }
    const { header: block, offset } = found;
    sequence = sequenceAfter(block);
    if (block.kind === BlockKind.frames && block.sequence < from) continue;
    const payload = readPayload(file, offset, block);
    if (payload === undefined) {
      damaged(damagedBlock(offset, block));
    } else if (block.kind === BlockKind.frames) {
      yield { frames: payload, count: block.count, sequence: block.sequence, tags };
    } else {
      const further = decodeFurtherTags(payload);
      if (further !== undefined) tags = extended(tags, further.first, further.tags);
    }
  }
}

/** Reads the payload of a block; `undefined`: it is damaged. Throws the error of the system. */
export function readPayload(
  file: DiskFile,
  offset: number,
  header: BlockHeader,
): Buffer<ArrayBuffer> | undefined {
  const payload = Buffer.allocUnsafeSlow(header.payloadBytes);
  readFully(file, payload, offset + BLOCK_HEADER_BYTES);
  return crc32c(payload) === header.payloadCrc ? payload : undefined;
}

/** Returns a copy of a table of tags, with further names from the number `first` on. */
export function extended(
  tags: readonly (string | undefined)[],
  first: number,
  further: readonly string[],
): readonly (string | undefined)[] {
  const table = tags.slice(0, first);
  while (table.length < first) table.push(undefined);
  return table.concat(further);
}
