import { type EnumeratedValue, Source } from '@ringest/codec';
import { SeededRandom } from '../shared/random.js';
import { type Content, contentMaker, makeValues, mixedLength, sequencePlace } from './content.js';
import { type EntryTimes, makeClock, type SetTime } from './entry-times.js';
import { createDigest, type DigestKind } from './load-digest.js';
import { sequenceValue, writeDigits } from './sequence-number.js';

/** The most entries that a load can have side by side. */
export const MAX_SLOTS = 1024;

/** So few of them stay in a processor's cache, as data does that an ingester has just received. */
const MIN_SLOTS = 64;

/** Lengths of `mixed` that there are at least. */
const MIN_LENGTHS = 256;

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
  tag: number;
  readonly source: Source;
  readonly data: Buffer;
  /** Of the content `evs` only. */
  enumeratedValues: readonly EnumeratedValue[] | undefined;
}

export interface LoadContents {
  readonly seed: number;
  /** Bytes of data of each entry, as many as its content needs or more; on average, for `mixed`. */
  readonly entryBytes: number;
  /** At least one; each entry has the next one. */
  readonly tags: readonly number[];
  /** Of all entries; `random`: each has another, among as many as there are slots. */
  readonly source: Source | 'random';
  /** Unix seconds of the first entry. */
  readonly startSeconds: number;
  /** How times go on from there. Default: each further entry is a microsecond later. */
  readonly times?: EntryTimes;
  /** Entries that are used side by side, at most `MAX_SLOTS`. */
  readonly batch: number;
  /** What the data is like. Default: `random`. */
  readonly content?: Content;
  /** The load is compressed: contents come again only where that does not help it. Default: false. */
  readonly varied?: boolean;
}

/**
 * The entries of a load: all of an entry follows from its sequence number and the seed, so that they
 * can be made again for comparison. Making one costs a few nanoseconds, without enumerated values.
 */
export class EntrySource {
  readonly #slots: readonly LoadEntry[];
  /** Values of each slot but the sequence number; none but for `evs`. */
  readonly #values: readonly (readonly EnumeratedValue[])[];
  readonly #tags: readonly number[];
  readonly #mask: number;
  readonly #setTime: SetTime;
  readonly #setSequence: (slot: LoadEntry, sequence: number) => void;

  constructor(contents: LoadContents) {
    const { seed, entryBytes, content = 'random' } = contents;
    const length = countSlots(contents);
    this.#mask = length - 1;
    this.#tags = contents.tags;
    this.#setTime = makeClock(contents);
    this.#setSequence = this.#sequenceWriter(content, entryBytes);
    const make = contentMaker(content, seed);
    const random = new SeededRandom(seed);
    this.#slots = Array.from({ length }, () => ({
      timestamp: { seconds: 0, nanoseconds: 0 },
      tag: 0,
      source: contents.source === 'random' ? randomSource(random) : contents.source,
      data: make(content === 'mixed' ? mixedLength(random, entryBytes) : entryBytes),
      enumeratedValues: undefined,
    }));
    this.#values = content === 'evs' ? this.#slots.map(() => makeValues(random)) : [];
  }

  /** The entry with a sequence number, from 0 on. */
  entry(sequence: number): LoadEntry {
    const slot = this.#slots[sequence & this.#mask] as LoadEntry;
    this.#setSequence(slot, sequence);
    this.#setTime(slot.timestamp, sequence);
    const tags = this.#tags;
    slot.tag = tags[tags.length === 1 ? 0 : sequence % tags.length] as number;
    return slot;
  }

  /** Fills `batch` with the entries from a sequence number on. */
  fill(batch: LoadEntry[], sequence: number): void {
    for (let i = 0; i < batch.length; i++) batch[i] = this.entry(sequence + i);
  }

  /** Bytes of data of the first `count` entries. */
  bytes(count: number): number {
    const ofSlots = (end: number) =>
      this.#slots.slice(0, end).reduce((sum, { data }) => sum + data.length, 0);
    const { length } = this.#slots;
    return Math.floor(count / length) * ofSlots(length) + ofSlots(count % length);
  }

  /** The digest of the first `count` entries. */
  digest(kind: DigestKind, count: number): string {
    const digest = createDigest(kind);
    for (let sequence = 0; sequence < count; sequence++) digest.addMade(this.entry(sequence));
    return digest.toString();
  }

  #sequenceWriter(content: Content, entryBytes: number) {
    const place = sequencePlace(content, entryBytes);
    switch (place.form) {
      case 'binary':
        return ({ data }: LoadEntry, sequence: number) => {
          data.writeUInt32LE(sequence, 0);
          data.writeUInt32LE(0, 4);
        };
      case 'digits':
        return ({ data }: LoadEntry, sequence: number) => writeDigits(data, place.offset, sequence);
      case 'value':
        return (slot: LoadEntry, sequence: number) => {
          const others = this.#values[sequence & this.#mask] ?? [];
          slot.enumeratedValues = [sequenceValue(sequence), ...others];
        };
    }
  }
}

/** A power of two, so that a slot is found without a division. */
function countSlots({ entryBytes, batch, content, varied = false }: LoadContents): number {
  const few = content === 'mixed' ? MIN_LENGTHS : MIN_SLOTS;
  const cached = Math.min(few, Math.ceil(MAX_CACHED / entryBytes));
  const distinct = varied ? Math.ceil(MIN_VARIED / entryBytes) : 0;
  return 2 ** Math.ceil(Math.log2(Math.max(cached, distinct, batch)));
}

/** Three in four are IPv4, as are most addresses in logs. */
function randomSource(random: SeededRandom): Source {
  const bytes = random.uniform() < 0.75 ? 4 : 16;
  const address = Uint8Array.from({ length: bytes }, () => random.uniform() * 256);
  // In 2001:db8::/32, which is for documentation; no IPv6 address is then read as an IPv4 one.
  if (bytes === 16) address.set([0x20, 0x01, 0x0d, 0xb8]);
  return Source.fromBytes(address);
}
