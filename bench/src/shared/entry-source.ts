import { encodeTimestamp, type Source, TIMESTAMP_BYTES } from '@ringest/codec';
import { EntryDigest } from '@ringest/indexer';
import { type Content, contentMaker } from './content.js';

/** Every entry begins with its sequence number, a little-endian `u64` below 2^32. */
export const SEQUENCE_BYTES = 8;

/** The most entries that a load can have side by side. */
export const MAX_SLOTS = 1024;

/** So few of them stay in a processor's cache, as data does that an ingester has just received. */
const MIN_SLOTS = 64;

/** Bytes of data beyond which there are fewer of them than that. */
const MAX_CACHED = 64 * 1048576;

/**
 * Bytes of data after which contents may come again where they are to be compressed: snappy, which
 * looks back over 64 KiB at most, never sees them twice.
 */
const MIN_VARIED = 262144;

/** An entry of a load, valid until its slot is filled anew. */
export interface LoadEntry {
  readonly timestamp: { seconds: number; nanoseconds: number };
  readonly tag: number;
  readonly source: Source;
  readonly data: Buffer;
  /** The sequence number at the head of the data, low word first. */
  readonly sequence: Uint32Array;
}

export interface LoadContents {
  readonly seed: number;
  /** Bytes of data of each entry, `SEQUENCE_BYTES` or more. */
  readonly entryBytes: number;
  readonly tag: number;
  readonly source: Source;
  /** Unix seconds of the first entry; each further one is a microsecond later. */
  readonly startSeconds: number;
  /** Entries that are used side by side, at most `MAX_SLOTS`. */
  readonly batch: number;
  /** What the data is like after the sequence number. Default: `random`. */
  readonly content?: Content;
  /** The load is compressed: contents come again only where that does not help it. Default: false. */
  readonly varied?: boolean;
}

/**
 * The entries of a load: all of an entry follows from its sequence number and the seed, so that they
 * can be made again for comparison. Making one costs a few nanoseconds.
 */
export class EntrySource {
  readonly #slots: readonly LoadEntry[];
  readonly #startSeconds: number;
  readonly #mask: number;

  constructor(contents: LoadContents) {
    const { seed, entryBytes, tag, source, startSeconds, batch } = contents;
    const { content = 'random', varied = false } = contents;
    const cached = Math.min(MIN_SLOTS, Math.ceil(MAX_CACHED / entryBytes));
    const distinct = varied ? Math.ceil(MIN_VARIED / entryBytes) : 0;
    const length = 2 ** Math.ceil(Math.log2(Math.max(cached, distinct, batch)));
    this.#mask = length - 1;
    const make = contentMaker(content, seed);
    this.#startSeconds = startSeconds;
    this.#slots = Array.from({ length }, () => {
      const data = make(entryBytes).fill(0, 0, SEQUENCE_BYTES);
      const sequence = new Uint32Array(data.buffer, data.byteOffset, 2);
      return { timestamp: { seconds: 0, nanoseconds: 0 }, tag, source, data, sequence };
    });
  }

  /** The entry with a sequence number, from 0 on. */
  entry(sequence: number): LoadEntry {
    const slot = this.#slots[sequence & this.#mask] as LoadEntry;
    const { timestamp } = slot;
    slot.sequence[0] = sequence;
    const seconds = Math.floor(sequence / 1_000_000);
    timestamp.seconds = this.#startSeconds + seconds;
    timestamp.nanoseconds = (sequence - seconds * 1_000_000) * 1000;
    return slot;
  }

  /** Fills `batch` with the entries from a sequence number on. */
  fill(batch: LoadEntry[], sequence: number): void {
    for (let i = 0; i < batch.length; i++) batch[i] = this.entry(sequence + i);
  }

  /** The digest of the first `count` entries. */
  digest(count: number): string {
    const digest = new EntryDigest();
    const timestampBytes = Buffer.alloc(TIMESTAMP_BYTES);
    const sourceBytes = this.entry(0).source.bytes;
    for (let sequence = 0; sequence < count; sequence++) {
      const { timestamp, data } = this.entry(sequence);
      encodeTimestamp(timestamp, timestampBytes, 0);
      digest.add({ timestampBytes, sourceBytes, data, enumeratedValues: [] });
    }
    return digest.toString();
  }
}
