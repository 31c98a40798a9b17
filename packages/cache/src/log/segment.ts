import { closeQuietly, type Disk, type DiskFile, type Done, writeFully } from '../disk/disk.js';
import { InvalidBlockError } from '../errors.js';
import {
  type BlockContent,
  BlockKind,
  type BlockWriter,
  blockBytes,
  MAX_PAYLOAD_BYTES,
} from '../format/block.js';
import {
  encodeFurtherTags,
  encodeSegmentHeader,
  type SegmentHeader,
  segmentName,
} from '../format/segment-format.js';
import type { Damage, DamagedRange } from './damage.js';

/** The end of a segment. */
interface Extent {
  readonly bytes: number;
  /** The sequence after its last entry. */
  readonly sequence: number;
  /** How many tags have names in it. */
  readonly tagCount: number;
}

/** A batch of frames to store. */
export interface Batch {
  readonly frames: Uint8Array;
  readonly count: number;
  /** Names by muxer tag. */
  readonly tags: readonly string[];
  /** The order of its segment; `undefined`: the number of the segment. */
  readonly order: number | undefined;
}

/** A segment that was found in the folder. */
export interface Recovered {
  readonly header: SegmentHeader;
  readonly headerBytes: number;
  readonly crc: number;
  readonly extent: Extent;
  readonly damage: readonly Damage[];
  /** Whether its file has bytes behind the extent that could not be cut off. */
  readonly hasExcess: boolean;
}

/**
 * One segment of the log: its blocks, and which of them survive a power cut. Its content ends at `bytes`,
 * even if the file is longer because the disk failed.
 */
export class Segment {
  readonly id: number;
  readonly header: SegmentHeader;
  readonly headerBytes: number;
  /** The checksum in its header. */
  readonly crc: number;
  readonly #disk: Disk;
  #damage: readonly Damage[];
  #file: DiskFile | undefined;
  #extent: Extent;
  /** The extent that a successful sync covered; `undefined`: not even the name of the file is synced. */
  #safe: Extent | undefined;
  /** What the last flush covers. */
  #flushed: { readonly extent: Extent; readonly changes: number } | undefined;
  #isSealed: boolean;
  /** How often the file was changed. It begins with 1: a file from an earlier run may not be synced. */
  #changes = 1;
  #syncedChanges = 0;
  #hasExcess: boolean;
  #isGone = false;

  private constructor(disk: Disk, id: number, file: DiskFile | undefined, known: Recovered) {
    this.#disk = disk;
    this.id = id;
    this.header = known.header;
    this.headerBytes = known.headerBytes;
    this.crc = known.crc;
    this.#damage = known.damage;
    this.#extent = known.extent;
    this.#hasExcess = known.hasExcess;
    this.#file = file;
    this.#isSealed = file === undefined;
    if (this.#isSealed) this.#safe = known.extent;
  }

  /** A segment that is in the folder: it is sealed. */
  static recovered(disk: Disk, id: number, known: Recovered): Segment {
    return new Segment(disk, id, undefined, known);
  }

  /** A new segment in a file that is still empty. Throws the error of the system. */
  static begin(disk: Disk, id: number, file: DiskFile, header: SegmentHeader): Segment {
    const { bytes, crc } = encodeSegmentHeader(header);
    writeFully(file, bytes, 0);
    return new Segment(disk, id, file, {
      header,
      headerBytes: bytes.length,
      crc,
      extent: { bytes: bytes.length, sequence: header.sequence, tagCount: header.tags.length },
      damage: [],
      hasExcess: false,
    });
  }

  get name(): string {
    return segmentName(this.id);
  }

  /** See `SegmentInfo`. */
  get order(): number {
    return this.header.order ?? this.id;
  }

  get bytes(): number {
    return this.#extent.bytes;
  }

  /** The sequence after its last entry. */
  get nextSequence(): number {
    return this.#extent.sequence;
  }

  /** Entries that can be read, as far as is known. */
  get entries(): number {
    const damaged = this.#damage.reduce((sum, { entries }) => sum + (entries ?? 0), 0);
    return this.#extent.sequence - this.header.sequence - damaged;
  }

  /** Its damaged parts that are known. */
  get damage(): readonly Damage[] {
    return this.#damage;
  }

  /** Whether it gets no further blocks. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Whether there is something to sync. */
  get isDirty(): boolean {
    return this.#changes > this.#syncedChanges;
  }

  /** Whether it was removed from the log. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether its file is open. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Whether no successful sync has covered any of it. */
  get isUnsafe(): boolean {
    return this.#safe === undefined;
  }

  /** The first sequence that no successful sync has covered; `undefined`: all are covered. */
  get unsafeFrom(): number | undefined {
    if (this.#safe === undefined) return this.header.sequence;
    return this.#safe.bytes < this.#extent.bytes ? this.#safe.sequence : undefined;
  }

  /** Whether this damage was found before. */
  knows({ offset, bytes }: DamagedRange): boolean {
    return this.#damage.some((known) => known.offset === offset && known.bytes === bytes);
  }

  /** Adds damage. It replaces known damage at the same offset. */
  addDamage(damage: Damage): void {
    this.#damage = [...this.#damage.filter(({ offset }) => offset !== damage.offset), damage];
  }

  /** The blocks for a batch: its frames, and before them the names of new tags, if there are any. */
  blocksOf({ frames, count, tags }: Omit<Batch, 'order'>): BlockContent[] {
    const { sequence, tagCount } = this.#extent;
    if (frames.length > MAX_PAYLOAD_BYTES) throw new InvalidBlockError(count, frames.length);
    const block = { kind: BlockKind.frames, count, sequence, payload: frames };
    if (tags.length <= tagCount) return [block];
    const further = tags.slice(tagCount);
    const payload = encodeFurtherTags({ first: tagCount, tags: further });
    return [{ kind: BlockKind.tags, count: further.length, sequence, payload }, block];
  }

  /** Appends all blocks, or none. Throws the error of the system; the segment may be sealed then. */
  append(writer: BlockWriter, blocks: readonly BlockContent[]): void {
    const file = this.#openFile();
    let { bytes, sequence, tagCount } = this.#extent;
    this.#changes++;
    try {
      for (const block of blocks) {
        bytes += writer.write(file, bytes, this.crc, block);
        if (block.kind === BlockKind.tags) tagCount += block.count;
        else sequence += block.count;
      }
    } catch (cause) {
      this.#cut();
      throw cause;
    }
    this.#extent = { bytes, sequence, tagCount };
  }

  /** Syncs the file. Throws the error of the system. What it covers counts as safe after `confirm`. */
  flush(): void {
    this.#fileToFlush().sync();
    this.#endFlush();
  }

  /** Begins to sync the file. Blocks that are appended during the sync need another one. */
  beginFlush(done: Done): void {
    this.#fileToFlush().beginSync((error) => {
      if (error === undefined) this.#endFlush();
      done(error);
    });
  }

  /** The sync of the whole log, for which the file was flushed, has succeeded. */
  confirm(): void {
    if (this.#flushed === undefined) return;
    this.#safe = this.#flushed.extent;
    this.#syncedChanges = this.#flushed.changes;
  }

  /** Removes the blocks that no sync has covered, and seals the segment. A sync must have covered some. */
  takeBack(): void {
    if (this.#safe !== undefined) this.#extent = this.#safe;
    this.#damage = this.#damage.filter(({ offset }) => offset < this.#extent.bytes);
    this.#changes++;
    this.#cut();
    this.seal();
  }

  /** Ends the segment. Its file stays open until it is synced: the system may report an error only then. */
  seal(): void {
    this.#isSealed = true;
    if (!this.isDirty) this.close();
  }

  /** The segment was removed from the log. */
  leave(): void {
    this.#isGone = true;
    this.close();
  }

  /** Closes the file. It is opened again when it is needed. */
  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeQuietly(file);
  }

  /** Cuts the file off at the end of its content. If that fails, the segment is sealed. */
  #cut(): void {
    try {
      this.#openFile().truncate(this.#extent.bytes);
      this.#hasExcess = false;
    } catch {
      this.#hasExcess = true;
      this.#isSealed = true;
    }
  }

  #fileToFlush(): DiskFile {
    const file = this.#openFile();
    if (this.#hasExcess) file.truncate(this.#extent.bytes);
    this.#hasExcess = false;
    this.#flushed = { extent: this.#extent, changes: this.#changes };
    return file;
  }

  #endFlush(): void {
    if (this.#isSealed && this.#flushed?.changes === this.#changes) this.close();
  }

  #openFile(): DiskFile {
    this.#file ??= this.#disk.open('segments', this.name);
    return this.#file;
  }
}

/** The size of blocks in bytes, before they are written. */
export function bytesOf(blocks: readonly BlockContent[]): number {
  return blocks.reduce((sum, { payload }) => sum + blockBytes(payload.length), 0);
}
