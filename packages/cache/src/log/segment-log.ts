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

export interface SegmentLogOptions {
  /** The id of the muxer, for whoever finds the files. */
  readonly muxer: string;
  /** A segment that would be longer is not appended to; one block may be. */
  readonly maxSegmentBytes: number;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /** Numbers that were given before, though nothing in the folder tells: 0 each, if left out. */
  readonly after?: { readonly segment: number; readonly sequence: number };
}

/** Where entries were stored. */
export interface Place {
  readonly segment: number;
  /** Of the first entry. */
  readonly sequence: number;
}

/**
 * Frames on the disk: appended in blocks, read and removed in segments (`segment-format.ts` has the
 * format). It belongs into a thread of its own: all of it is synchronous, but for a sync that is begun.
 * One process at a time may have a folder open.
 *
 * - What was appended survives the end of the process; a power cut only once `sync` has succeeded.
 *   Until then the caller keeps it.
 * - What an earlier run appended and did not sync is synced too, but not certain to survive: after a
 *   sync that failed, a system may forget what it had to write, and let the next one succeed.
 * - What was removed is gone for good once `sync` has succeeded.
 * - A block is read whole and as it was written, or not at all.
 * - After any error the log can still be used.
 */
export class SegmentLog {
  /** What was found when it was opened. */
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
   * Looks through what is there, all of it: torn ends are cut off, damage is set aside. What was
   * found is read, but never appended to.
   * @throws {CacheOpenError} when the folder cannot be listed
   */
  static open(disk: Disk, options: SegmentLogOptions): SegmentLog {
    try {
      return new SegmentLog(disk, options);
    } catch (cause) {
      throw new CacheOpenError(disk.path, cause);
    }
  }

  /** By rising order, but for those that this run has begun: they come last, as they were begun. */
  segments(): SegmentInfo[] {
    return this.#segments.infos();
  }

  /** Changes whenever a segment was begun, sealed or removed. */
  get shape(): string {
    return this.#segments.shape;
  }

  /** The sequence that the next entry gets. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Bytes of all its segments; the quarantine and the files in `recovery` are not among them. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /** Entries of all segments that can be read, as far as is known. */
  get entries(): number {
    return this.#segments.entries;
  }

  get quarantineBytes(): number {
    return this.#quarantine.bytes;
  }

  /** What was found damaged: first when it was opened, then by reading. */
  get damage(): readonly Damage[] {
    return this.#segments.damage;
  }

  /**
   * Appends one block. The frames may lie in shared memory.
   * @param frames whole frames without stamp, back to back
   * @param count how many they are: one or more
   * @param tags by muxer tag; all that the frames have. The table only grows
   * @param order that the segment has to have, see `SegmentInfo`
   * @throws {CacheWriteError} when none of it is stored
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

  /** By how many bytes an `append` would make the log longer. */
  growth(frames: Uint8Array, count: number, tags: readonly string[], order?: number): number {
    const batch = { frames, count, tags, order };
    const fit = this.#fit(batch);
    if (fit !== undefined) return bytesOf(fit.blocks);
    const { bytes } = encodeSegmentHeader(this.#header(batch));
    return bytes.length + blockBytes(frames.length);
  }

  /** Whether a sync that was begun has not ended. */
  get isSyncing(): boolean {
    return this.#syncs.isUnderWay;
  }

  /**
   * Brings all that was appended and removed to the disk, and all that was found at the start.
   * @throws {CacheSyncError} when that is not certain, and while `isSyncing`; it says what has to be
   * appended again
   * @throws {CacheClosedError}
   */
  sync(): void {
    this.#checkOpen();
    this.#syncs.run();
  }

  /**
   * As `sync`, while appending and all else goes on: it covers what was done before it began. One
   * that fails takes back what was appended meanwhile, too.
   * @param ended called once, maybe at once; not after `close`
   * @throws {CacheClosedError}
   */
  beginSync(ended: (error: CacheSyncError | undefined) => void): void {
    this.#checkOpen();
    this.#syncs.begin(ended);
  }

  /**
   * As `sync`, but nothing is taken back where it fails: for a caller who did not keep what he
   * appended. What a system forgets after that, is lost.
   * @throws {CacheSyncError} without a sequence
   * @throws {CacheClosedError}
   */
  syncAsItIs(): void {
    this.#checkOpen();
    this.#syncs.runAsItIs();
  }

  /** Ends the active segment: the next entries begin a new one. */
  seal(): void {
    this.#segments.active?.seal();
    const open = this.#segments.all.filter(({ isSealed, isOpen }) => isSealed && isOpen);
    if (open.length > MAX_OPEN_FILES) open[0]?.close();
  }

  /**
   * Removes a segment, whatever is in it. What of it is damaged stays in the quarantine.
   * @throws {CacheWriteError} when it is still there
   * @throws {UnknownSegmentError} @throws {CacheClosedError}
   */
  remove(id: number): void {
    const segment = this.#segment(id);
    const isKept = segment.damage.every((damage) => damage.isKept);
    this.#folder.begin();
    // As long as it is open, its bytes are not free.
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
   * The blocks of a segment, one by one and oldest first, as far as it goes now. What is found
   * damaged on the way is set aside, counted in `damage` and left out.
   * @param from a sequence: blocks that begin before it are left out
   * @throws {UnknownSegmentError} @throws {CacheClosedError}
   * The iterator throws {CacheReadError}.
   */
  read(id: number, from = 0): Generator<Block> {
    const segment = this.#segment(id);
    return this.#read(segment, { bytes: segment.bytes, sequence: segment.nextSequence }, from);
  }

  /** Closes the files. It does not sync. Can be called again. */
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

  /** The active segment and what is to be written there, unless a new one is to be begun. */
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

  /** A new segment with the batch in it, in the place of the active one. Nothing is left of a failure. */
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
