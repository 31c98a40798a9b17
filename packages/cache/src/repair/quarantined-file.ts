import { crc32c } from '@node-rs/crc32';
import { decodeFrame, FRAME_TAG_OFFSET, frameSize, GRAVWELL_TAG } from '@ringest/codec';
import { closeQuietly, type Disk, type DiskFile, readFully } from '../disk/disk.js';
import { dumpSegment } from '../dump/segment-dump.js';
import { BLOCK_HEADER_BYTES, BLOCK_MAGIC, BlockKind, blockBytes } from '../format/block.js';
import { segmentName } from '../format/segment-format.js';

/** Entries that can be put back. */
export interface FoundEntries {
  readonly frames: readonly Buffer[];
  /** The names of their tags, by their numbers. */
  readonly tags: readonly (string | undefined)[];
}

/** A part of a quarantined file that stays there. */
export interface Remainder {
  readonly offset: number;
  readonly bytes: number;
  /** Why its entries cannot be put back. */
  readonly problem: string;
}

/** What a quarantined file holds. */
export interface QuarantinedContent {
  readonly entries: readonly FoundEntries[];
  readonly remainders: readonly Remainder[];
}

/** Which entries are taken. */
export interface TakeOptions {
  /** Whether entries are taken from blocks whose checksum does not fit, if all of the block can be read. */
  readonly damaged: boolean;
  /** The tag of entries whose tag is not known; `undefined`: they are not taken. */
  readonly tag: string | undefined;
}

const CHECKSUM = 'its checksum does not fit: one of its entries or more were altered';
const NO_TAG = 'the names of its tags are not known';
const NOT_ENTRIES = 'it is not a whole block of entries';

/** Reads a segment that was moved to the quarantine as a whole. Throws the error of the system. */
export function readSegment(file: DiskFile, options: TakeOptions): QuarantinedContent {
  const entries: FoundEntries[] = [];
  const remainders: Remainder[] = [];
  const size = file.size();
  let tags: readonly (string | undefined)[] = [];
  for (const part of dumpSegment(file)) {
    if (part.kind === 'header') tags = part.header.tags;
    if (part.kind === 'newer') {
      remainders.push({ offset: 0, bytes: size, problem: `its format is ${part.format}` });
    } else if (part.kind === 'block') {
      ({ tags } = part);
      const { offset, frames, count } = part;
      const taken = takeFrames(frames, count, tags, options);
      if (typeof taken !== 'string') entries.push(taken);
      else remainders.push({ offset, bytes: blockBytes(frames.length), problem: taken });
    } else if (part.kind === 'damage') {
      const { offset, bytes } = part;
      const taken = takeBlock(readAt(file, offset, bytes), tags, options);
      if (typeof taken !== 'string') entries.push(taken);
      else remainders.push({ offset, bytes, problem: taken });
    }
  }
  return { entries, remainders };
}

/** Reads a damaged part of a segment. Throws the error of the system. */
export function readPart(
  disk: Disk,
  segment: number,
  file: DiskFile,
  options: TakeOptions,
): QuarantinedContent {
  const bytes = file.size();
  const taken = takeBlock(readAt(file, 0, bytes), tagsOf(disk, segment), options);
  if (typeof taken !== 'string') return { entries: [taken], remainders: [] };
  return { entries: [], remainders: [{ offset: 0, bytes, problem: taken }] };
}

/** The names of a segment's tags, as far as the segment is still in the cache and can be read. */
function tagsOf(disk: Disk, segment: number): readonly (string | undefined)[] {
  const file = openIfThere(disk, segmentName(segment));
  if (file === undefined) return [];
  try {
    let tags: readonly (string | undefined)[] = [];
    for (const part of dumpSegment(file)) {
      if (part.kind === 'header') tags = part.header.tags;
      if (part.kind === 'block') ({ tags } = part);
    }
    return tags;
  } finally {
    closeQuietly(file);
  }
}

function openIfThere(disk: Disk, name: string): DiskFile | undefined {
  const isThere = disk.list('segments').some((entry) => entry.name === name && entry.isFile);
  return isThere ? disk.open('segments', name) : undefined;
}

/** The entries of a block whose header may be damaged, or why they are not taken. */
function takeBlock(
  block: Buffer,
  tags: readonly (string | undefined)[],
  options: TakeOptions,
): FoundEntries | string {
  if (block.length < BLOCK_HEADER_BYTES || !block.subarray(0, 4).equals(BLOCK_MAGIC)) {
    return NOT_ENTRIES;
  }
  const [kind, bytes, count] = [4, 8, 12].map((at) => block.readUInt32LE(at));
  const frames = block.subarray(BLOCK_HEADER_BYTES);
  if (kind !== BlockKind.frames || bytes !== frames.length) return NOT_ENTRIES;
  const isIntact = crc32c(frames) === block.readUInt32LE(24);
  if (!isIntact && !options.damaged) return CHECKSUM;
  return takeFrames(frames, count, tags, options);
}

function takeFrames(
  bytes: Buffer,
  count: number | undefined,
  tags: readonly (string | undefined)[],
  { tag }: TakeOptions,
): FoundEntries | string {
  const frames = splitFrames(bytes);
  if (frames === undefined || frames.length !== count) return NOT_ENTRIES;
  const numbers = new Set(frames.map((frame) => frame.readUInt16LE(FRAME_TAG_OFFSET)));
  const isNamed = [...numbers].every((one) => one === GRAVWELL_TAG || tags[one] !== undefined);
  if (isNamed) return { frames, tags };
  if (tag === undefined) return NO_TAG;
  return { frames, tags: Array.from({ length: GRAVWELL_TAG }, (_, at) => tags[at] ?? tag) };
}

/** The frames that lie back to back; `undefined`: the bytes are something else. */
function splitFrames(bytes: Buffer): Buffer[] | undefined {
  const frames: Buffer[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      const size = frameSize(bytes, at, bytes.length - at);
      const frame = bytes.subarray(at, at + size);
      decodeFrame(frame);
      frames.push(frame);
      at += size;
    }
  } catch {
    return undefined;
  }
  return frames;
}

/** Reads bytes of a file. Throws the error of the system, or that they are not there. */
export function readAt(file: DiskFile, offset: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  readFully(file, buffer, offset);
  return buffer;
}
