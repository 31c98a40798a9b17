import { createCipheriv, createHash } from 'node:crypto';
import { encodeTimestamp, type Source, TIMESTAMP_BYTES } from '@ringest/codec';
import { EntryDigest } from '@ringest/indexer';

/** Every entry begins with its sequence number, a little-endian `u64` below 2^32. */
export const SEQUENCE_BYTES = 8;

/** The most entries that a load can have side by side. */
export const MOST_SLOTS = 1024;

/** So few of them stay in a processor's cache, as data does that an ingester has just received. */
const LEAST_SLOTS = 64;

/** Bytes of data beyond which there are fewer of them than that. */
const MOST_CACHED = 64 * 1048576;

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
  /** Entries that are used side by side, at most `MOST_SLOTS`. */
  readonly batch: number;
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
    const cached = Math.min(LEAST_SLOTS, Math.ceil(MOST_CACHED / entryBytes));
    const length = 2 ** Math.ceil(Math.log2(Math.max(cached, batch)));
    this.#mask = length - 1;
    const stream = randomStream(seed);
    this.#startSeconds = startSeconds;
    this.#slots = Array.from({ length }, () => {
      const data = stream(entryBytes);
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

/** Random bytes that depend on the seed only: the key stream of AES in counter mode. */
function randomStream(seed: number): (bytes: number) => Buffer {
  const key = createHash('sha256').update(`${seed}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (bytes) => {
    // Memory of its own: aligned, which the view of the sequence number needs.
    const data = Buffer.from(new ArrayBuffer(bytes));
    cipher.update(Buffer.alloc(bytes)).copy(data);
    return data.fill(0, 0, SEQUENCE_BYTES);
  };
}
