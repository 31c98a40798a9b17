import { type EnumeratedValue, Source } from '@ringest/codec';
import { SeededRandom } from '../shared/random.js';
import type { DigestKind } from './choices.js';
import { type Content, contentMaker, makeValues, mixedLength, sequencePlace } from './content.js';
import { type EntryTimes, makeClock, type SetTime } from './entry-times.js';
import { createDigest } from './load-digest.js';
import { sequenceValue, writeDigits } from './sequence-number.js';

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

/** Bytes of lines that are had at once, as from a file or socket. */
const CHUNK_BYTES = 65536;
const LINE_END = Buffer.from('\n');

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
  /** They can be had as {@link EntrySource.lines}; their content must have no line ends. Default: false. */
  readonly inLines?: boolean;
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
  readonly #linesAtOnce: number;
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
    const pieces = Array.from({ length }, () =>
      make(content === 'mixed' ? mixedLength(random, entryBytes) : entryBytes),
    );
    this.#linesAtOnce = Math.max(1, Math.floor(CHUNK_BYTES / (entryBytes + LINE_END.length)));
    this.#slots = (contents.inLines ? layOutLines(pieces) : pieces).map((data) => ({
      timestamp: { seconds: 0, nanoseconds: 0 },
      tag: 0,
      source: contents.source === 'random' ? randomSource(random) : contents.source,
      data,
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

  /** How many lines {@link lines} returns at once, from the one with a sequence number on. */
  linesAt(sequence: number): number {
    return Math.min(this.#linesAtOnce, this.#slots.length - (sequence & this.#mask));
  }

  /** Entries from a sequence number on, as lines that end with a line feed, valid as their entries. */
  lines(sequence: number, count: number): Buffer {
    const first = this.#slots[sequence & this.#mask] as LoadEntry;
    let last = first;
    for (let i = 0; i < count; i++) {
      last = this.#slots[(sequence + i) & this.#mask] as LoadEntry;
      this.#setSequence(last, sequence + i);
    }
    const end = last.data.byteOffset + last.data.length + LINE_END.length;
    return Buffer.from(first.data.buffer, first.data.byteOffset, end - first.data.byteOffset);
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

/** Copies of pieces, behind each other, with a line end after each. */
function layOutLines(pieces: readonly Buffer[]): Buffer[] {
  const lines = Buffer.concat(pieces.flatMap((piece) => [piece, LINE_END]));
  let at = 0;
  return pieces.map(({ length }) => {
    const line = lines.subarray(at, at + length);
    at += length + LINE_END.length;
    return line;
  });
}

/** A power of two, so that a slot is found without a division. */
function countSlots(contents: LoadContents): number {
  const { entryBytes, batch, content, varied = false, inLines = false } = contents;
  const few = content === 'mixed' ? MIN_LENGTHS : MIN_SLOTS;
  const cached = Math.min(few, Math.ceil(MAX_CACHED / entryBytes));
  const least = varied ? MIN_VARIED : inLines ? CHUNK_BYTES : 0;
  const distinct = Math.ceil(least / entryBytes);
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
