import { closeQuietly, type Disk, type DiskEntry, type DiskFile } from '../disk/disk.js';
import { BlockKind, sequenceAfter } from '../format/block.js';
import { segmentId } from '../format/segment-format.js';
import { readStart, type Start } from '../format/segment-start.js';
import { isPayloadIntact, walkBlocks } from './block-walk.js';
import { type Damage, damagedBlock, setAside } from './damage.js';
import type { Quarantine } from './quarantine.js';
import { Segment } from './segment.js';

/** A file with the name of a segment that was not changed. */
export interface LeftAlone extends FoundFile {
  readonly segment: number;
}

/** What was found in the folder, besides intact segments. */
export interface Recovery {
  /**
   * Segments with an unfinished end, which was cut off, and the size of that end. A segment in which nothing
   * was finished was removed; it may have had 0 bytes.
   */
  readonly torn: readonly { readonly segment: number; readonly bytes: number }[];
  /** Segments of a newer format. */
  readonly newer: readonly (LeftAlone & { readonly format: number })[];
  /**
   * Segments that could not be read or moved to the quarantine, and anything else with the name of a
   * segment that is not a file. The next run tries again.
   */
  readonly unreadable: readonly (LeftAlone & { readonly cause: unknown })[];
}

type FoundFile = Omit<DiskEntry, 'isFile'>;
type Growing<T> = { readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

/** Checks the segments of a folder. At most 1 MiB of a segment is in memory at a time. */
export class SegmentRecovery {
  readonly found: Growing<Recovery> = { torn: [], newer: [], unreadable: [] };
  /** The damage of segments that were removed, because they had nothing else. */
  readonly damage: Damage[] = [];
  readonly #disk: Disk;
  readonly #quarantine: Quarantine;
  #lastId = 0;

  constructor(disk: Disk, quarantine: Quarantine) {
    this.#disk = disk;
    this.#quarantine = quarantine;
  }

  /** The highest number of a segment in the folder. It is known after `recoverAll`. */
  get lastId(): number {
    return this.#lastId;
  }

  /**
   * Checks all segments, and returns those with entries, by rising order. Throws when the folder cannot be
   * listed.
   */
  recoverAll(): Segment[] {
    const files = this.#disk.list('segments').flatMap((entry) => {
      const id = segmentId(entry.name);
      return id === undefined ? [] : [{ id, entry }];
    });
    files.sort((a, b) => a.id - b.id);
    this.#lastId = files.at(-1)?.id ?? 0;
    const segments = files.flatMap(({ id, entry }) => this.#recover(id, entry) ?? []);
    return segments.sort((a, b) => a.order - b.order || a.id - b.id);
  }

  /** @returns `undefined`: no entry of it can be read. It was removed then, or is in `found` */
  #recover(segment: number, { isFile, ...entry }: DiskEntry): Segment | undefined {
    try {
      if (!isFile) throw new Error('it is a link, a folder or something else that is not a file');
      const file = this.#disk.open('segments', entry.name);
      try {
        return this.#recoverFile(segment, entry, file);
      } finally {
        closeQuietly(file);
      }
    } catch (cause) {
      this.found.unreadable.push({ ...entry, segment, cause });
      return undefined;
    }
  }

  #recoverFile(segment: number, entry: FoundFile, file: DiskFile): Segment | undefined {
    const bytes = file.size();
    const start = readStart(file, bytes);
    switch (start.kind) {
      case 'empty':
        this.#disk.remove('segments', entry.name);
        this.found.torn.push({ segment, bytes });
        return undefined;
      case 'newer':
        this.found.newer.push({ ...entry, segment, format: start.format });
        return undefined;
      case 'corrupt': {
        this.#quarantine.move(segment, bytes);
        const whole = { segment, offset: 0, bytes, entries: undefined };
        this.damage.push({ ...whole, isKept: true, isNew: true });
        return undefined;
      }
      case 'segment':
        return this.#recoverBlocks(segment, entry, file, start);
    }
  }

  #recoverBlocks(id: number, entry: FoundFile, file: DiskFile, start: Start): Segment | undefined {
    const { header, headerBytes, crc } = start;
    const damage: Damage[] = [];
    const size = file.size();
    let bytes = size;
    let sequence = header.sequence;
    let entries = 0;
    for (const found of walkBlocks(file, { start: headerBytes, end: size, crc, sequence })) {
      if (found.kind === 'torn') {
        bytes = found.offset;
      } else if (found.kind === 'damage') {
        damage.push(setAside(this.#quarantine, id, file, found));
        sequence += found.entries ?? 0;
      } else {
        const { header: block, offset } = found;
        sequence = sequenceAfter(block);
        if (!isPayloadIntact(file, offset, block)) {
          damage.push(setAside(this.#quarantine, id, file, damagedBlock(offset, block)));
        } else if (block.kind === BlockKind.frames) {
          entries += block.count;
        }
      }
    }
    const isUseless = entries === 0 && damage.every(({ isKept }) => isKept);
    if (isUseless) {
      this.#quarantine.sync();
      this.#disk.remove('segments', entry.name);
    }
    if (bytes < size) this.found.torn.push({ segment: id, bytes: size - bytes });
    if (isUseless) {
      this.damage.push(...damage);
      return undefined;
    }
    const hasExcess = bytes < size && !isCut(file, bytes);
    const extent = { bytes, sequence, tagCount: header.tags.length };
    return Segment.recovered(this.#disk, id, {
      header,
      headerBytes,
      crc,
      extent,
      damage,
      hasExcess,
    });
  }
}

/** Cuts a file off. Returns whether that succeeded. */
function isCut(file: DiskFile, size: number): boolean {
  try {
    file.truncate(size);
    return true;
  } catch {
    return false;
  }
}
