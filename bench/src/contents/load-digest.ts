import {
  encodeEnumeratedBlock,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_LENGTH_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  TIMESTAMP_BYTES,
} from '@ringest/codec';
import { EntryDigest, type EntryView } from '@ringest/indexer';
import type { DigestKind } from './choices.js';
import type { LoadEntry } from './entry-source.js';
import { FastDigest } from './fast-digest.js';

/** A digest of the entries of a load, at either end. */
export interface LoadDigest {
  /** Adds an entry that has arrived. */
  addArrived(entry: EntryView): void;
  /** Adds an entry as it is made to be sent. */
  addMade(entry: LoadEntry): void;
  toString(): string;
}

export function createDigest(kind: DigestKind): LoadDigest {
  return kind === 'fast' ? new FastLoadDigest() : new SlowLoadDigest();
}

const NO_BYTES = Buffer.alloc(0);

class FastLoadDigest implements LoadDigest {
  readonly #digest = new FastDigest();
  /** The bytes that entries have arrived in, and a view of them. */
  #bytes: Buffer = NO_BYTES;
  #view = viewOf(NO_BYTES);
  /** The header of a frame that is made. */
  readonly #frame = Buffer.alloc(FRAME_BYTES);
  readonly #frameView = viewOf(this.#frame);

  addArrived(entry: EntryView): void {
    const { bytes, dataOffset } = entry;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    const bodyBytes = entry.dataLength + entry.valuesLength;
    this.#digest.add(this.#view, dataOffset - FRAME_BYTES, this.#view, dataOffset, bodyBytes);
  }

  addMade({ timestamp, source, data, enumeratedValues }: LoadEntry): void {
    const frame = this.#frame;
    const flags =
      (source.bytes.length === 4 ? FLAG_IPV4 : 0) +
      (enumeratedValues === undefined ? 0 : FLAG_VALUES);
    frame.writeUInt32LE(data.length + flags, FRAME_LENGTH_OFFSET);
    encodeTimestamp(timestamp, frame, FRAME_SECONDS_OFFSET);
    frame.set(source.bytes, FRAME_SOURCE_OFFSET);
    const body =
      enumeratedValues === undefined
        ? data
        : Buffer.concat([data, encodeEnumeratedBlock(enumeratedValues)]);
    this.#digest.add(this.#frameView, 0, viewOf(body), 0, body.length);
  }

  toString(): string {
    return this.#digest.toString();
  }
}

class SlowLoadDigest implements LoadDigest {
  readonly #digest = new EntryDigest();
  readonly #timestampBytes = Buffer.alloc(TIMESTAMP_BYTES);

  addArrived(entry: EntryView): void {
    this.#digest.add(entry);
  }

  addMade({ timestamp, source, data, enumeratedValues = [] }: LoadEntry): void {
    const timestampBytes = this.#timestampBytes;
    encodeTimestamp(timestamp, timestampBytes, 0);
    this.#digest.add({ timestampBytes, sourceBytes: source.bytes, data, enumeratedValues });
  }

  toString(): string {
    return this.#digest.toString();
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
