import {
  Command,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_TAG_OFFSET,
  frameSize,
  LENGTH_MASK,
  OversizedEntryError,
} from '@ringest/codec';
import type { DetachedFrame } from '@ringest/workers';
import { InvalidArgumentError } from '../errors.js';
import type { MuxerTags } from './muxer-tags.js';

/** As a signed word, which V8 keeps as a small integer. */
const NEW_ENTRY = Command.newEntry | 0;

/** Checks frames that were encoded elsewhere, and cuts them into runs that go into rings with one copy each. */
export class FrameRuns {
  readonly #tags: MuxerTags;
  readonly #maxBytes: number;

  /** @param maxBytes the most bytes of data in an entry */
  constructor(tags: MuxerTags, maxBytes: number) {
    this.#tags = tags;
    this.#maxBytes = maxBytes;
  }

  /**
   * Checks frames that lie back to back, and clears their ids: they belong to the connection that they came by.
   * @param most the most bytes of a run, unless a single frame has more
   * @param isApart whether frames of a tag must not be in one run with those of other tags
   * @returns views, in order
   * @throws {InvalidArgumentError} they are not whole frames
   * @throws {DecodeError} the header of a block of enumerated values is malformed (§6)
   * @throws {UnknownTagError | TagRefusedError} an entry cannot have its tag
   * @throws {OversizedEntryError} an entry has too many bytes of data
   */
  cut(frames: Buffer, most: number, isApart: (tag: number) => boolean): DetachedFrame[] {
    const view = new DataView(frames.buffer, frames.byteOffset, frames.length);
    const end = frames.length;
    const runs: DetachedFrame[] = [];
    let start = 0;
    let entries = 0;
    let runTag = -1;
    let lastTag = -1;
    let isLastApart = false;
    for (let at = 0; at < end; ) {
      const size = this.#frameBytes(frames, view, at, end);
      const tag = view.getUint16(at + FRAME_TAG_OFFSET, true);
      let isCut = at + size - start > most;
      if (tag !== lastTag) {
        if (!this.#tags.has(tag)) throw this.#tags.problem(tag);
        const isTagApart = isApart(tag);
        isCut ||= isTagApart || isLastApart;
        lastTag = tag;
        isLastApart = isTagApart;
      }
      if (isCut && entries > 0) {
        runs.push(run(frames.subarray(start, at), entries, runTag));
        start = at;
        entries = 0;
      }
      if (entries === 0) runTag = tag;
      view.setInt32(at + FRAME_ID_OFFSET, 0, true);
      view.setInt32(at + FRAME_ID_OFFSET + 4, 0, true);
      at += size;
      entries++;
    }
    if (entries > 0) runs.push(run(frames.subarray(start), entries, runTag));
    return runs;
  }

  #frameBytes(frames: Buffer, view: DataView, at: number, end: number): number {
    const left = end - at;
    if (left < FRAME_BYTES || view.getInt32(at, true) !== NEW_ENTRY) throw notWhole(frames);
    const word = view.getInt32(at + FRAME_LENGTH_OFFSET, true);
    const dataBytes = word & LENGTH_MASK;
    if (dataBytes > this.#maxBytes) throw new OversizedEntryError(dataBytes, this.#maxBytes);
    const size = (word & FLAG_VALUES) === 0 ? FRAME_BYTES + dataBytes : frameSize(frames, at, left);
    if (size > left) throw notWhole(frames);
    return size;
  }
}

function run(frame: Buffer, entries: number, tag: number): DetachedFrame {
  return { frame, entries, tag, wasInRing: false, isCached: false };
}

function notWhole(frames: Buffer): InvalidArgumentError {
  return new InvalidArgumentError('frames', frames, 'whole frames, back to back (§4)');
}
