import { isUtf8 } from 'node:buffer';
import {
  decodeFrame,
  type EnumeratedContent,
  EnumeratedType,
  type EnumeratedValue,
  FRAME_ID_OFFSET,
  frameSize,
  GRAVWELL_TAG,
  GRAVWELL_TAG_NAME,
} from '@ringest/codec';
import type { Block } from '../log/segment-reader.js';

const TYPE_NAMES = new Map(Object.entries(EnumeratedType).map(([name, type]) => [type, name]));

/**
 * Returns the entries of a block, each as an object for one line of JSON:
 *
 * - `sequence`: its number in the cache
 * - `timestamp`: RFC 3339, to the nanosecond
 * - `tag`: the name; `null` where the part of the segment that names it is damaged
 * - `source`: an address; `null`: that of the connection on which it will be sent
 * - `data` as text, or where it is not UTF-8, `base64`
 * - `values`: its enumerated values, each with `name`, `type` and `value`. Integers of 64 bits are
 *   strings, and so are durations, in nanoseconds; bytes are base64
 *
 * Throws a `DecodeError` when the bytes are not frames.
 */
export function* entriesOf({ frames, sequence, tags }: Block): Generator<object> {
  for (let at = 0, number = sequence; at < frames.length; number++) {
    const bytes = frameSize(frames, at, frames.length - at);
    const frame = frames.subarray(at, at + bytes);
    const { entry } = decodeFrame(frame);
    const { data, enumeratedValues: values } = entry;
    yield {
      sequence: number,
      timestamp: entry.timestamp.toString(),
      tag: entry.tag === GRAVWELL_TAG ? GRAVWELL_TAG_NAME : (tags[entry.tag] ?? null),
      source: isWithoutSource(frame) ? null : entry.source.toString(),
      ...(isUtf8(data) ? { data: data.toString() } : { base64: data.toString('base64') }),
      ...(values.length > 0 && { values: values.map(describeValue) }),
    };
    at += bytes;
  }
}

/** Such a frame gets the local address of its connection when it is sent. */
function isWithoutSource(frame: Buffer): boolean {
  return frame.readBigUInt64LE(FRAME_ID_OFFSET) === 0xffff_ffff_ffff_ffffn;
}

function describeValue(value: EnumeratedValue): object {
  return { name: value.name, type: TYPE_NAMES.get(value.type), value: plain(value.value) };
}

function plain(value: EnumeratedContent): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`;
  return typeof value === 'bigint' || typeof value === 'object' ? value.toString() : value;
}
