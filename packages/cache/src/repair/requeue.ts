import { counted, countedEntries, FRAME_TAG_OFFSET, GRAVWELL_TAG } from '@ringest/codec';
import { closeQuietly, type Disk } from '../disk/disk.js';
import { NodeDisk } from '../disk/node-disk.js';
import { damagedId, damageName, segmentId } from '../format/segment-format.js';
import { Quarantine } from '../log/quarantine.js';
import { SegmentLog } from '../log/segment-log.js';
import { lockFolder } from '../main/folder-lock.js';
import {
  type FoundEntries,
  type QuarantinedContent,
  readPart,
  readSegment,
  type TakeOptions,
} from './quarantined-file.js';

/** Entries are put back in blocks of at least so many bytes, except the last. */
const BLOCK_BYTES = 1024 * 1024;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const PART = /^[0-9a-f]{16}-\d+$/;

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
 * quarantine only when the disk has all of its entries in the cache. What cannot be put back stays. If it is
 * interrupted, no entry is lost, and some can be sent twice.
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
  const log = SegmentLog.open(disk, {
    muxer: 'ringest cache requeue',
    maxSegmentBytes: SEGMENT_BYTES,
    now: Date.now,
  });
  try {
    return requeueAll(disk, log, options);
  } finally {
    log.close();
  }
}

function requeueAll(disk: Disk, log: SegmentLog, options: RequeueOptions): RequeueTotals {
  const names = disk
    .list('quarantine')
    .filter(({ name, isFile }) => isFile && (segmentId(name) !== undefined || PART.test(name)))
    .map(({ name }) => name);
  const writer = new RequeuedEntries(log);
  let [entries, removed, kept] = [0, 0, 0];
  for (const name of names.sort()) {
    const { taken, isRemoved } = requeueFile(disk, name, writer, options);
    entries += taken;
    if (isRemoved) removed++;
    else kept++;
  }
  return { entries, removed, kept };
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
    const taken = writer.write(entries);
    disk.remove('quarantine', name);
    disk.syncFolder('quarantine');
    options.report(`${name}: ${countedEntries(taken)} back in the cache`);
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

/** Appends entries to the log, with tag numbers of its own. */
class RequeuedEntries {
  readonly #log: SegmentLog;
  readonly #numbers = new Map<string, number>();

  constructor(log: SegmentLog) {
    this.#log = log;
  }

  /** Returns how many entries the disk has. Throws the error of the log. */
  write(found: readonly FoundEntries[]): number {
    let [frames, bytes, written]: [Buffer[], number, number] = [[], 0, 0];
    const append = () => {
      if (frames.length === 0) return;
      this.#log.append(Buffer.concat(frames, bytes), frames.length, [...this.#numbers.keys()]);
      written += frames.length;
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
    this.#log.sync();
    return written;
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
