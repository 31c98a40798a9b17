import {
  Command,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  type IndexerTag,
  LENGTH_MASK,
  type MuxerTag,
  type Source,
  writeU64,
} from '@ringest/codec';

const NO_SOURCE = 0xffffffff;

/** The parts of one entry, checked: what a frame is made of. */
export interface FrameParts {
  /** Unix seconds. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** The muxer tag. */
  readonly tag: number;
  /** `undefined`: the local address of the connection, once there is one. */
  readonly source: Source | undefined;
  readonly data: Uint8Array | string;
  /** An encoded block of enumerated values. */
  readonly values: Uint8Array | undefined;
}

/** Bytes of the whole frame, command and id included. */
export function encodedSize(parts: FrameParts): number {
  return FRAME_BYTES + dataSize(parts.data) + (parts.values?.length ?? 0);
}

/** Bytes of an entry's data; a string counts in UTF-8. */
function dataSize(data: Uint8Array | string): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}

/** Writes an unstamped frame outside a ring, into a buffer of `encodedSize` bytes. */
export function encodeFrame(parts: FrameParts, frame: Buffer): void {
  const { data, source, values } = parts;
  const dataBytes = dataSize(data);
  const flags = (source?.isIPv4 ? FLAG_IPV4 : 0) | (values?.length ? FLAG_VALUES : 0);
  frame.writeUInt32LE(Command.newEntry, 0);
  frame.writeUInt32LE((dataBytes | flags) >>> 0, FRAME_LENGTH_OFFSET);
  encodeTimestamp(parts, frame, FRAME_SECONDS_OFFSET);
  frame.writeUInt16LE(parts.tag, FRAME_TAG_OFFSET);
  frame.fill(0, FRAME_SOURCE_OFFSET, FRAME_ID_OFFSET);
  if (source !== undefined) frame.set(source.bytes, FRAME_SOURCE_OFFSET);
  frame.fill(source === undefined ? 0xff : 0, FRAME_ID_OFFSET, FRAME_BYTES);
  if (typeof data === 'string') frame.write(data, FRAME_BYTES);
  else if (dataBytes > 0) frame.fill(data, FRAME_BYTES, FRAME_BYTES + dataBytes);
  if (values !== undefined) frame.set(values, FRAME_BYTES + dataBytes);
}

/** A stamped frame as an indexer gets it that takes no enumerated values: a header of its own, and the data. */
export function withoutValues(frame: Buffer): [header: Buffer, data: Buffer] {
  const header = Buffer.from(frame.subarray(0, FRAME_BYTES));
  const word = header.readUInt32LE(FRAME_LENGTH_OFFSET);
  header.writeUInt32LE((word & ~FLAG_VALUES) >>> 0, FRAME_LENGTH_OFFSET);
  return [header, frame.subarray(FRAME_BYTES, FRAME_BYTES + (word & LENGTH_MASK))];
}

/** Gives a frame outside a ring its indexer tag, its id and, if it has none, its source. */
export function stampFrame(frame: Buffer, indexerTag: IndexerTag, id: number, local: Source): void {
  if (isWithoutSource(frame)) {
    const word = frame.readUInt32LE(FRAME_LENGTH_OFFSET);
    frame.writeUInt32LE(local.isIPv4 ? (word | FLAG_IPV4) >>> 0 : word, FRAME_LENGTH_OFFSET);
    frame.set(local.bytes, FRAME_SOURCE_OFFSET);
  }
  frame.writeUInt16LE(indexerTag, FRAME_TAG_OFFSET);
  writeU64(id, frame, FRAME_ID_OFFSET);
}

/** The tag in the header of an unstamped frame. */
export function frameTag(frame: Buffer): MuxerTag {
  return frame.readUInt16LE(FRAME_TAG_OFFSET) as MuxerTag;
}

/** Writes a tag number of this muxer, or of an earlier one, into the header of a frame outside a ring. */
export function retagFrame(frame: Buffer, tag: number): void {
  frame.writeUInt16LE(tag, FRAME_TAG_OFFSET);
}

/** Takes the stamp of a frame outside a ring back: its muxer tag is known otherwise. The source stays. */
export function unstampFrame(frame: Buffer, tag: MuxerTag): void {
  retagFrame(frame, tag);
  if (!isWithoutSource(frame)) frame.fill(0, FRAME_ID_OFFSET, FRAME_BYTES);
}

/** Whether an unstamped frame still waits for the local address of its connection. */
function isWithoutSource(frame: Buffer): boolean {
  return (
    frame.readUInt32LE(FRAME_ID_OFFSET) === NO_SOURCE &&
    frame.readUInt32LE(FRAME_ID_OFFSET + 4) === NO_SOURCE
  );
}
