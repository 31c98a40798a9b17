import type { FrameParts, FrameWriter } from '@ringest/workers';

/** Writes an entry with a writer. Returns false when its ring has no room. */
export function writeTo(writer: FrameWriter, parts: FrameParts): boolean {
  return writer.write(
    parts.seconds,
    parts.nanoseconds,
    parts.tag,
    parts.source,
    parts.data,
    parts.values,
  );
}
