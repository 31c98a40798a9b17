import type { DiskFile } from '../disk/disk.js';
import { type BlockHeader, BlockKind, blockBytes } from '../format/block.js';
import type { Quarantine } from './quarantine.js';

/** A part of a segment that is not what was written. */
export interface DamagedRange {
  /** In the segment's file; 0: all of it, because its header is wrong. */
  readonly offset: number;
  readonly bytes: number;
  /** Entries in it; `undefined`: nothing tells. */
  readonly entries: number | undefined;
}

/** A part of a segment that could not be read as it was written, and what became of it. */
export interface Damage extends DamagedRange {
  /** The number of the segment. */
  readonly segment: number;
  /** Whether the quarantine has it. If not, the segment goes there when it is removed. */
  readonly isKept: boolean;
  /** False when an earlier run has set it aside, and counted it. */
  readonly isNew: boolean;
}

/** A block whose payload is not what its header says. */
export function damagedBlock(offset: number, header: BlockHeader): DamagedRange {
  const entries = header.kind === BlockKind.frames ? header.count : 0;
  return { offset, bytes: blockBytes(header.payloadBytes), entries };
}

/** Copies a range to the quarantine. Where the disk does not let us, it is damage all the same. */
export function setAside(
  quarantine: Quarantine,
  segment: number,
  file: DiskFile,
  { offset, bytes, entries }: DamagedRange,
): Damage {
  const damage = { segment, offset, bytes, entries };
  try {
    const isNew = quarantine.copy(segment, file, offset, bytes);
    return { ...damage, isKept: true, isNew };
  } catch {
    return { ...damage, isKept: false, isNew: true };
  }
}
