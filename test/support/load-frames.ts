import type { LoadEntry } from '@ringest/bench/shared';
import {
  encodeEnumeratedBlock,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_LENGTH_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
} from '@ringest/codec';
import { EntryView } from '@ringest/indexer';

/** Calls back with a view of each entry, side by side in one buffer, as they are read from a connection. */
export function viewFrames(entries: readonly LoadEntry[], onEntry: (view: EntryView) => void) {
  const frames = entries.map(frame);
  const bytes = Buffer.concat(frames.flatMap(({ header, data, values }) => [header, data, values]));
  const view = new EntryView();
  view.setBytes(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  let at = 0;
  for (const { data, values } of frames) {
    view.moveTo(at, data.length, values.length);
    onEntry(view);
    at += FRAME_BYTES + data.length + values.length;
  }
}

/** What is no part of the entry, such as its id, is no zero. */
function frame({ timestamp, source, data, enumeratedValues }: LoadEntry) {
  const header = Buffer.alloc(FRAME_BYTES, 0x5a);
  const flags = (source.bytes.length === 4 ? FLAG_IPV4 : 0) + (enumeratedValues ? FLAG_VALUES : 0);
  header.writeUInt32LE(data.length + flags, FRAME_LENGTH_OFFSET);
  encodeTimestamp(timestamp, header, FRAME_SECONDS_OFFSET);
  header.set(source.bytes, FRAME_SOURCE_OFFSET);
  const values =
    enumeratedValues === undefined ? Buffer.alloc(0) : encodeEnumeratedBlock(enumeratedValues);
  return { header, data: Buffer.from(data), values };
}
