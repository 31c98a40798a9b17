import { closeQuietly, type Disk, type DiskFile } from '../disk/disk.js';
import {
  CacheClosedError,
  CacheOpenError,
  CacheReadError,
  type CacheSyncError,
  CacheWriteError,
  InvalidBlockError,
  UnknownSegmentError,
} from '../errors.js';
import { type BlockContent, BlockWriter, blockBytes } from '../format/block.js';
import { encodeSegmentHeader, type SegmentHeader, segmentName } from '../format/segment-format.js';
import { type Damage, setAside } from './damage.js';
import { DirectorySync } from './directory-sync.js';
import { LogSync } from './log-sync.js';
import { Quarantine } from './quarantine.js';
import { type Batch, bytesOf, Segment } from './segment.js';
import { type SegmentInfo, SegmentList } from './segment-list.js';
import { type Block, type End, readBlocks } from './segment-reader.js';
import { type Recovery, SegmentRecovery } from './segment-recovery.js';

/** How many files of sealed segments are kept open until they are synced. */
const MAX_OPEN_FILES = 16;

/** The options of a {@link SegmentLog}. */
export interface SegmentLogOptions {
  /** The id of the muxer, for people who find the files. */
  readonly muxer: string;
  /** The longest segment in bytes. Only a single block may be longer. */
  readonly maxSegmentBytes: number;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** The last numbers that an earlier thread gave: the folder may not show them. Default: 0 each. */
  readonly after?: { readonly segment: number; readonly sequence: number };
}

/** Where entries were stored. */
export interface Place {
  readonly segment: number;
  /** The sequence of the first entry. */
  readonly sequence: number;
}

/**
 * The segment log: frames on the disk. They are appended in blocks, and read and removed in segments;
 * `segment-format.ts` has the format. All of it is synchronous except `beginSync`, so it needs a
 * thread of its own. One process at a time may have a folder open.
 *
 * - Appended blocks survive the end of the process. They survive a power cut only after `sync` has
 *   succeeded; the caller keeps them until then.
 * - Blocks that an earlier run did not sync are synced too, but may not survive: after a failed sync, a
 *   system may forget bytes that it had to write, and let the next sync succeed.
 * - Removed segments are gone for good after `sync` has succeeded.
 * - A block is read whole and as it was written, or not at all.
 * - The log can be used after any error.
 */
export class SegmentLog {
  /** What was found when the log was opened. */
  readonly recovery: Recovery;
  readonly #disk: Disk;
  readonly #options: SegmentLogOptions;
  readonly #quarantine: Quarantine;
  readonly #writer = new BlockWriter();
  readonly #segments: SegmentList;
  readonly #folder: DirectorySync;
  readonly #syncs: LogSync;
  #nextId: number;
  #nextSequence: number;
  #isClosed = false;

  private constructor(disk: Disk, options: SegmentLogOptions) {
    this.#disk = disk;
    this.#options = options;
    this.#quarantine = new Quarantine(disk);
    this.#folder = new DirectorySync(disk);
    const recovery = new SegmentRecovery(disk, this.#quarantine);
    this.#segments = new SegmentList(recovery.recoverAll(), recovery.damage);
    this.#syncs = new LogSync(disk, this.#segments, this.#folder, this.#quarantine);
    this.recovery = recovery.found;
    const { after = { segment: 0, sequence: 0 } } = options;
    this.#nextId = Math.max(this.#quarantine.lastId, recovery.lastId, after.segment) + 1;
    this.#nextSequence = after.sequence;
    for (const { nextSequence } of this.#segments.all) {
      this.#nextSequence = Math.max(this.#nextSequence, nextSequence);
    }
  }

  /**
   * Opens the log of a folder, and checks all segments in it: torn ends are cut off, damage is set
   * aside. Segments of earlier runs are never appended to.
   * @throws {CacheOpenError} the folder cannot be listed
   */
  static open(disk: Disk, options: SegmentLogOptions): SegmentLog {
    try {
      return new SegmentLog(disk, options);
    } catch (cause) {
      throw new CacheOpenError(disk.path, cause);
    }
  }

  /** All segments: first those of earlier runs, by rising order; then those of this run, oldest first. */
  segments(): SegmentInfo[] {
    return this.#segments.infos();
  }

  /** Changes whenever a segment was begun, sealed or removed. */
  get shape(): string {
    return this.#segments.shape;
  }

  /** The sequence of the next entry. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Bytes of all segments, without the quarantine and the files in `recovery`. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** Entries in all segments, without those known to be damaged. */
  get entries(): number {
    return this.#segments.entries;
  }

  get quarantineBytes(): number {
    return this.#quarantine.bytes;
  }

  /** All damage: found first when the log was opened, then by reading. */
  get damage(): readonly Damage[] {
    return this.#segments.damage;
  }

  /**
   * Appends one block. The frames may lie in shared memory.
   * @param frames whole frames without stamp, back to back
   * @param count how many frames there are, at least 1
   * @param tags names by muxer tag, with every tag of the frames. The table only grows
   * @param order the order of the segment, see `SegmentInfo`
   * @throws {CacheWriteError} nothing was stored
   * @throws {InvalidBlockError} @throws {CacheClosedError}
   */
  append(frames: Uint8Array, count: number, tags: readonly string[], order?: number): Place {
    this.#checkOpen();
    if (count < 1 || frames.length === 0) throw new InvalidBlockError(count, frames.length);
    const batch = { frames, count, tags, order };
    const sequence = this.#nextSequence;
    let segment: Segment;
    try {
      const fit = this.#fit(batch);
      if (fit !== undefined) fit.active.append(this.#writer, fit.blocks);
      segment = fit?.active ?? this.#begin(batch);
    } catch (cause) {
      if (cause instanceof InvalidBlockError) throw cause;
      throw new CacheWriteError(this.#disk.path, 'could not be written', cause);
    }
    this.#nextSequence += count;
    return { segment: segment.id, sequence };
  }

  /** How many bytes an `append` would add to the log. */
  growth(frames: Uint8Array, count: number, tags: readonly string[], order?: number): number {
    const batch = { frames, count, tags, order };
    const fit = this.#fit(batch);
    if (fit !== undefined) return bytesOf(fit.blocks);
    const { bytes } = encodeSegmentHeader(this.#header(batch));
    return bytes.length + blockBytes(frames.length);
  }

  /** Whether a sync of `beginSync` has not ended. */
  get isSyncing(): boolean {
    return this.#syncs.isUnderWay;
  }

  /**
   * Brings all appended blocks, all removals, and everything that was found at the start to the disk.
   * @throws {CacheSyncError} it failed, or `isSyncing`. The error has the sequence from which on
   * entries must be appended again
   * @throws {CacheClosedError}
   */
  sync(): void {
    this.#checkOpen();
    this.#syncs.run();
  }

  /**
   * Begins a sync, during which the log can be used. It covers everything before it began. If it fails,
   * it also takes back blocks that were appended during it.
   * @param ended called once, possibly before this returns; not after `close`
   * @throws {CacheClosedError}
   */
  beginSync(ended: (error: CacheSyncError | undefined) => void): void {
    this.#checkOpen();
    this.#syncs.begin(ended);
  }

  /**
   * Syncs, and takes nothing back when that fails, for a caller that has not kept its blocks. Bytes
   * that the system forgets then are lost.
   * @throws {CacheSyncError} without a sequence
   * @throws {CacheClosedError}
   */
  syncAsItIs(): void {
    this.#checkOpen();
    this.#syncs.runAsItIs();
  }

  /** Ends the active segment. The next block begins a new one. */
  seal(): void {
    this.#segments.active?.seal();
    const open = this.#segments.all.filter(({ isSealed, isOpen }) => isSealed && isOpen);
    if (open.length > MAX_OPEN_FILES) open[0]?.close();
  }

  /**
   * Removes a segment with everything in it. Its damaged parts stay in the quarantine.
   * @throws {CacheWriteError} the segment is still there
   * @throws {UnknownSegmentError} @throws {CacheClosedError}
   */
  remove(id: number): void {
    const segment = this.#segment(id);
    const isKept = segment.damage.every((damage) => damage.isKept);
    this.#folder.begin();
    // The system frees the bytes only when the file is closed.
    segment.close();
    try {
      if (isKept) {
        this.#quarantine.sync();
        this.#disk.remove('segments', segment.name);
      } else {
        this.#quarantine.move(id, segment.bytes);
      }
    } catch (cause) {
      throw new CacheWriteError(this.#disk.path, `could not remove its segment ${id}`, cause);
    }
    this.#segments.drop(segment);
  }

  /**
   * Reads the blocks that a segment has now, one by one and oldest first. Damage that is found on the
   * way is set aside, added to `damage` and left out.
   * @param from the sequence where reading begins; a block that begins before it is left out
   * @throws {UnknownSegmentError} @throws {CacheClosedError}
   * The iterator throws {CacheReadError}.
   */
  read(id: number, from = 0): Generator<Block> {
    const segment = this.#segment(id);
    return this.#read(segment, { bytes: segment.bytes, sequence: segment.nextSequence }, from);
  }

  /** Closes the files, without a sync. A second call does nothing. */
  close(): void {
    this.#isClosed = true;
    this.#syncs.close();
    for (const segment of this.#segments.all) segment.close();
  }

  #segment(id: number): Segment {
    this.#checkOpen();
    const segment = this.#segments.find(id);
    if (segment === undefined) throw new UnknownSegmentError(id);
    return segment;
  }

  /** The active segment, and the blocks to write there; `undefined`: the batch needs a new segment. */
  #fit(batch: Batch): { active: Segment; blocks: BlockContent[] } | undefined {
    const { active } = this.#segments;
    if (active?.header.order !== batch.order) return undefined;
    const blocks = active?.blocksOf(batch);
    if (active === undefined || blocks === undefined) return undefined;
    const bytes = active.bytes + bytesOf(blocks);
    return bytes <= this.#options.maxSegmentBytes ? { active, blocks } : undefined;
  }

  #header({ tags, order }: Batch): SegmentHeader {
    const { muxer, now } = this.#options;
    return { muxer, created: now(), sequence: this.#nextSequence, tags: [...tags], order };
  }

  /** Begins a new segment with the batch in it. If that fails, nothing of it remains. */
  #begin(batch: Batch): Segment {
    const id = this.#nextId++;
    const header = this.#header(batch);
    const name = segmentName(id);
    this.#folder.begin();
    const file = this.#disk.create('segments', name);
    try {
      const segment = Segment.begin(this.#disk, id, file, header);
      segment.append(this.#writer, segment.blocksOf(batch));
      this.seal();
      this.#segments.add(segment);
      return segment;
    } catch (cause) {
      closeQuietly(file);
      this.#folder.leaveOver(name);
      throw cause;
    }
  }

  *#read(segment: Segment, end: End, from: number): Generator<Block> {
    let file: DiskFile | undefined;
    try {
      const open = this.#disk.open('segments', segment.name);
      file = open;
      yield* readBlocks(open, segment, end, from, (range) => {
        segment.addDamage(setAside(this.#quarantine, segment.id, open, range));
        this.#segments.recount();
      });
    } catch (cause) {
      throw new CacheReadError(this.#disk.path, segment.id, cause);
    } finally {
      if (file !== undefined) closeQuietly(file);
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new CacheClosedError(this.#disk.path);
  }
}
