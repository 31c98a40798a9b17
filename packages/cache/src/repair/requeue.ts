import { counted, countedEntries, FRAME_TAG_OFFSET, GRAVWELL_TAG } from '@ringest/codec';
import { closeQuietly, type Disk } from '../disk/disk.js';
import { NodeDisk } from '../disk/node-disk.js';
import { damagedId, damageName, segmentId, segmentName } from '../format/segment-format.js';
import { Quarantine } from '../log/quarantine.js';
import { SegmentLog } from '../log/segment-log.js';
import { lockFolder } from '../main/folder-lock.js';
import {
  type FoundEntries,
  type QuarantinedContent,
  readAt,
  readPart,
  readSegment,
  type TakeOptions,
} from './quarantined-file.js';

/** Entries are put back in blocks of at least so many bytes, except the last. */
const BLOCK_BYTES = 1024 * 1024;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const PART = /^[0-9a-f]{16}-(\d+)$/;

/** How entries are put back. */
export interface RequeueOptions extends TakeOptions {
  /** Gets a line for people about each file. */
  report(line: string): void;
}

/** What was put back. */
export interface RequeueTotals {
  /** Entries that are in the cache again. */
  readonly entries: number;
  /** Files that were removed from the quarantine, because all they had is in the cache. */
  readonly removed: number;
  /** Files that stay in the quarantine, wholly or in part. */
  readonly kept: number;
}

/**
 * Puts entries of the quarantine back into the cache, so that the next muxer sends them. A file leaves the
 * quarantine only when the disk has all of its entries in the cache. What cannot be put back stays.
 *
 * If it is interrupted, no entry is lost. Segments have the name of the file that their entries came from.
 * The next run finds those of a file that is still in the quarantine, and writes them anew, so that no
 * entry is in the cache twice. Only what a muxer has sent between the two runs is sent a second time.
 *
 * @throws {CacheLockedError} a muxer uses the cache: stop it first
 * @throws {CacheOpenError} the folder cannot be used
 * @throws {CacheWriteError | CacheSyncError} the disk is full or fails
 */
export function requeueQuarantine(path: string, options: RequeueOptions): RequeueTotals {
  const lock = lockFolder(path);
  try {
    return requeueOn(new NodeDisk(path), options);
  } finally {
    lock.release();
  }
}

/** Puts entries back on a disk that nobody else uses; see {@link requeueQuarantine}. */
export function requeueOn(disk: Disk, options: RequeueOptions): RequeueTotals {
  const writer = new RequeuedEntries(disk);
  try {
    return requeueAll(disk, writer, options);
  } finally {
    writer.close();
  }
}

function requeueAll(disk: Disk, writer: RequeuedEntries, options: RequeueOptions): RequeueTotals {
  removeCopies(disk);
  let [entries, removed, kept] = [0, 0, 0];
  for (const name of filesIn(disk).sort()) {
    const { taken, isRemoved } = requeueFile(disk, name, writer, options);
    entries += taken;
    if (isRemoved) removed++;
    else kept++;
  }
  return { entries, removed, kept };
}

function filesIn(disk: Disk): string[] {
  return disk
    .list('quarantine')
    .filter(({ name, isFile }) => isFile && (segmentId(name) !== undefined || PART.test(name)))
    .map(({ name }) => name);
}

/** Removes parts of segments that are in the quarantine as a whole: an interrupted run has left them. */
function removeCopies(disk: Disk): void {
  const names = filesIn(disk);
  for (const name of names) {
    const id = damagedId(name);
    const offset = PART.exec(name)?.[1];
    if (id === undefined || offset === undefined || !names.includes(segmentName(id))) continue;
    if (isPartOf(disk, name, segmentName(id), Number(offset))) disk.remove('quarantine', name);
  }
}

function isPartOf(disk: Disk, name: string, segment: string, offset: number): boolean {
  const [part, whole] = [name, segment].map((one) => {
    const file = disk.open('quarantine', one);
    try {
      const from = one === name ? 0 : offset;
      return readAt(file, from, Math.max(0, file.size() - from));
    } finally {
      closeQuietly(file);
    }
  }) as [Buffer, Buffer];
  return whole.subarray(0, part.length).equals(part);
}

function requeueFile(
  disk: Disk,
  name: string,
  writer: RequeuedEntries,
  options: RequeueOptions,
): { readonly taken: number; readonly isRemoved: boolean } {
  const id = damagedId(name);
  if (id === undefined) return { taken: 0, isRemoved: false };
  const file = disk.open('quarantine', name);
  try {
    const isSegment = segmentId(name) !== undefined;
    const content = isSegment ? readSegment(file, options) : readPart(disk, id, file, options);
    const { entries, remainders } = content;
    for (const { offset, bytes, problem } of remainders) {
      const where = isSegment ? `${name}, ${counted(bytes, 'byte')} from ${offset} on` : name;
      options.report(`${where}: stays in quarantine: ${problem}`);
    }
    if (entries.length === 0 && remainders.length > 0) return { taken: 0, isRemoved: false };
    // What is left of a segment gets files of its own, before the segment goes.
    const quarantine = new Quarantine(disk);
    if (!canSplit(disk, id, content)) {
      options.report(`${name}: stays in quarantine: another file has the name of a part of it`);
      return { taken: 0, isRemoved: false };
    }
    for (const { offset, bytes } of remainders) quarantine.copy(id, file, offset, bytes);
    quarantine.sync();
    const { taken, before } = writer.write(name, entries);
    disk.remove('quarantine', name);
    disk.syncFolder('quarantine');
    const again = before === 0 ? '' : `, ${before} of them since a run that was interrupted`;
    options.report(`${name}: ${countedEntries(taken)} back in the cache${again}`);
    return { taken, isRemoved: remainders.length === 0 };
  } finally {
    closeQuietly(file);
  }
}

/** Whether the names are free that the remainders of a segment would get. */
function canSplit(disk: Disk, id: number, { remainders }: QuarantinedContent): boolean {
  const taken = new Set(disk.list('quarantine').map(({ name }) => name));
  return remainders.every(({ offset }) => !taken.has(damageName(id, offset)));
}

/** Entries of the quarantine on their way into the cache: each file has segments of its own there. */
class RequeuedEntries {
  readonly #log: SegmentLog;
  readonly #numbers = new Map<string, number>();
  /** What stands in segments instead of the id of a muxer. */
  #origin = '';

  constructor(disk: Disk) {
    const origin = () => this.#origin;
    this.#log = SegmentLog.open(disk, {
      get muxer() {
        return origin();
      },
      maxSegmentBytes: SEGMENT_BYTES,
      now: Date.now,
    });
  }

  /**
   * Writes the entries of a file, instead of those that an interrupted run has written of it.
   * @returns how many the disk has, and how many it had before. Throws the error of the log.
   */
  write(
    file: string,
    found: readonly FoundEntries[],
  ): { readonly taken: number; readonly before: number } {
    this.#log.seal();
    this.#origin = `ringest cache requeue of ${file}`;
    const taken = found.reduce((sum, { frames }) => sum + frames.length, 0);
    const earlier = this.#log.segments().filter(({ muxer }) => muxer === this.#origin);
    const before = earlier.reduce((sum, { entries }) => sum + entries, 0);
    this.#append(found);
    // What has more entries than the file is not wholly in it.
    const isWhole = earlier.every(({ entries }) => entries <= taken);
    if (isWhole) for (const { id } of earlier) this.#log.remove(id);
    this.#log.sync();
    return { taken, before: Math.min(before, taken) };
  }

  close(): void {
    this.#log.close();
  }

  #append(found: readonly FoundEntries[]): void {
    let [frames, bytes]: [Buffer[], number] = [[], 0];
    const append = () => {
      if (frames.length === 0) return;
      this.#log.append(Buffer.concat(frames, bytes), frames.length, [...this.#numbers.keys()]);
      [frames, bytes] = [[], 0];
    };
    for (const { frames: own, tags } of found) {
      for (const frame of own) {
        this.#renumber(frame, tags);
        frames.push(frame);
        bytes += frame.length;
        if (bytes >= BLOCK_BYTES) append();
      }
    }
    append();
  }

  #renumber(frame: Buffer, tags: readonly (string | undefined)[]): void {
    const before = frame.readUInt16LE(FRAME_TAG_OFFSET);
    const name = tags[before];
    if (before === GRAVWELL_TAG || name === undefined) return;
    const number = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, number);
    frame.writeUInt16LE(number, FRAME_TAG_OFFSET);
  }
}
