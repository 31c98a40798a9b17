import {
  decodeFrame,
  type EntryJson,
  entryToJson,
  FRAME_ID_OFFSET,
  frameSize,
  GRAVWELL_TAG,
  GRAVWELL_TAG_NAME,
} from '@ringest/codec';
import type { Block } from '../log/segment-reader.js';

/** An entry of a cache for one line of JSON. */
export interface CachedEntryJson extends EntryJson {
  /** Its number in the cache. */
  readonly sequence: number;
}

/**
 * Returns the entries of a block. Its `source` is `null` for an entry that gets the address of the
 * connection on which it will be sent, and its `tag` where the part of the segment is damaged that names it.
 *
 * Throws a `DecodeError` when the bytes are not frames.
 */
export function* entriesOf({ frames, sequence, tags }: Block): Generator<CachedEntryJson> {
  for (let at = 0, number = sequence; at < frames.length; number++) {
    const bytes = frameSize(frames, at, frames.length - at);
    const frame = frames.subarray(at, at + bytes);
    const { entry } = decodeFrame(frame);
    const tag = entry.tag === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : (tags[entry.tag] ?? null);
    const json = entryToJson(entry, tag);
    yield { sequence: number, ...json, ...(isWithoutSource(frame) && { source: null }) };
    at += bytes;
  }
}

/** Such a frame gets the local address of its connection when it is sent. */
function isWithoutSource(frame: Buffer): boolean {
  return frame.readBigUInt64LE(FRAME_ID_OFFSET) === 0xffff_ffff_ffff_ffffn;
}
