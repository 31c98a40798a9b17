import { createHash, hash } from 'node:crypto';
import { type EnumeratedValue, TWO_32 } from '@ringest/codec';

/** The parts of an entry that a digest is made of. An `EntryView` has them. */
export interface DigestedEntry {
  /** The 12 bytes of the timestamp, as on the wire (§5). */
  readonly timestampBytes: Uint8Array;
  /** The source: 4 bytes for IPv4, otherwise 16. */
  readonly sourceBytes: Uint8Array;
  readonly data: Uint8Array;
  readonly enumeratedValues: readonly EnumeratedValue[];
}

const ALGORITHM = 'sha256';
const HASH_BYTES = 32;

/** Entries up to this size are copied to one buffer and hashed in one call. */
const SCRATCH_BYTES = 64 * 1024;

/** The sum of this many 32-bit words is still an exact number. */
const ADDITIONS_UNTIL_CARRY = 2 ** 20;

/**
 * A digest of a set of entries that does not depend on their order. It is the sum modulo 2^64, in each of
 * four big-endian 64-bit words, of SHA-256 over
 * `timestamp · source · data · for each enumerated value: name · type byte · value`.
 *
 * The sums are kept in numbers, of 32-bit words: a `BigInt` per word would cost more than the hash.
 * `hash` with text as its result takes a third of the time of one with a buffer (0.5 µs against
 * 1.5 µs for 64 bytes on Node 20), and a quarter of `createHash`.
 */
export class EntryDigest {
  /** High and low word of each of the four sums, not carried yet. */
  readonly #sums = new Float64Array(HASH_BYTES / 4);
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** The part of the scratch space that the last entry took: the next one is often as long. */
  #input = this.#scratch.subarray(0, 0);
  readonly #hash = Buffer.allocUnsafeSlow(HASH_BYTES);
  readonly #hashView = new DataView(this.#hash.buffer, this.#hash.byteOffset, HASH_BYTES);
  #additions = 0;

  /** Adds an entry. It may be reused after this call. */
  add(entry: DigestedEntry): void {
    const { timestampBytes, sourceBytes, data } = entry;
    const dataOffset = timestampBytes.length + sourceBytes.length;
    const length = dataOffset + data.length;
    if (length > SCRATCH_BYTES || entry.enumeratedValues.length > 0) {
      this.#addInParts(entry);
      return;
    }
    const scratch = this.#scratch;
    // A few bytes are copied faster here than by a call.
    for (let i = 0; i < timestampBytes.length; i++) scratch[i] = timestampBytes[i] as number;
    for (let i = 0; i < sourceBytes.length; i++) {
      scratch[timestampBytes.length + i] = sourceBytes[i] as number;
    }
    scratch.set(data, dataOffset);
    if (this.#input.length !== length) this.#input = scratch.subarray(0, length);
    this.#addHash(hash(ALGORITHM, this.#input, 'binary'));
  }

  /** Returns the digest of all entries so far: 64 hexadecimal digits. */
  toString(): string {
    this.#carry();
    return Array.from(this.#sums, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  #addInParts(entry: DigestedEntry): void {
    const hasher = createHash(ALGORITHM)
      .update(entry.timestampBytes)
      .update(entry.sourceBytes)
      .update(entry.data);
    for (const { nameBytes, type, bytes } of entry.enumeratedValues) {
      hasher.update(nameBytes).update(Uint8Array.of(type)).update(bytes);
    }
    this.#addHash(hasher.digest('binary'));
  }

  /** @param text a byte of the hash in each character. */
  #addHash(text: string): void {
    const sums = this.#sums;
    this.#hash.write(text, 'binary');
    for (let i = 0; i < sums.length; i++) {
      sums[i] = (sums[i] as number) + this.#hashView.getUint32(4 * i);
    }
    this.#additions++;
    if (this.#additions === ADDITIONS_UNTIL_CARRY) this.#carry();
  }

  /** Brings every word below 2^32: the excess of a low word is added to its high word. */
  #carry(): void {
    const sums = this.#sums;
    for (let i = 0; i < sums.length; i += 2) {
      const low = sums[i + 1] ?? 0;
      const high = (sums[i] ?? 0) + Math.floor(low / TWO_32);
      sums[i] = high % TWO_32;
      sums[i + 1] = low % TWO_32;
    }
    this.#additions = 0;
  }
}
