import type { DiskFile } from '../disk/disk.js';
import { type BlockHeader, BlockKind, blockBytes } from '../format/block.js';
import type { Quarantine } from './quarantine.js';

/** A damaged part of a segment. */
export interface DamagedRange {
  /** The offset in the segment's file; 0: the whole file, because its header is damaged. */
  readonly offset: number;
  readonly bytes: number;
  /** How many entries were in it; `undefined`: not known. */
  readonly entries: number | undefined;
}

/** A damaged part of a segment, and whether the quarantine has a copy. */
export interface Damage extends DamagedRange {
  /** The number of the segment. */
  readonly segment: number;
  /** Whether the quarantine has a copy. If not, the whole segment is moved there when it is removed. */
  readonly isKept: boolean;
  /** Whether this run has found it; `false`: an earlier run has copied and counted it. */
  readonly isNew: boolean;
}

/** The damage of a block whose payload is not what its header says. */
export function damagedBlock(offset: number, header: BlockHeader): DamagedRange {
  const entries = header.kind === BlockKind.frames ? header.count : 0;
  return { offset, bytes: blockBytes(header.payloadBytes), entries };
}

/** Copies a damaged range to the quarantine, if the disk permits it. */
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
