import { crc32 } from 'node:zlib';
import { FRAME_BYTES } from '@ringest/codec';
import type { EntryView } from '@ringest/indexer';
import { Changes } from '../support/changes.js';

/** What the data of an entry begin with, see `numbered-entries.mjs`. */
const CHECK_OFFSET = 8;
const BODY_OFFSET = 12;
/** A header up to the tag; behind it to the id. */
const HEAD = { start: 4, end: 20 } as const;
const SOURCE = { start: 22, end: 38 } as const;

const MAX_ENTRIES = 2 ** 24;
const MAX_EXAMPLES = 10;

/** Which entry: one number for the life that wrote it and its number in there. */
export type Key = number;

export const keyOf = (life: number, sequence: number): Key => life * MAX_ENTRIES + sequence;
export const lifeOf = (key: Key): number => Math.floor(key / MAX_ENTRIES);

/** Some keys, as people read them. */
export const named = (keys: Iterable<Key>): string[] =>
  [...keys].slice(0, MAX_EXAMPLES).map((key) => `${lifeOf(key)}:${key % MAX_ENTRIES}`);

/** The key in the data of an entry. `undefined`: it is none of ours. */
export function keyIn(data: Buffer): Key | undefined {
  if (data.length < BODY_OFFSET) return undefined;
  return keyOf(data.readUInt32LE(0), data.readUInt32LE(4));
}

/** An entry whose tag has no name yet. */
export interface Arrived {
  readonly key: Key | undefined;
  /** What it says of itself, and what it is, but for the name. */
  readonly told: number;
  readonly check: number;
  /** For people. */
  readonly size: number;
}

export function arrived({ bytes, data, dataOffset, dataLength, valuesLength }: EntryView): Arrived {
  const key = keyIn(data);
  if (key === undefined) return { key, told: 0, check: 0, size: dataLength };
  const start = dataOffset - FRAME_BYTES;
  let check = crc32(bytes.subarray(start + HEAD.start, start + HEAD.end));
  check = crc32(bytes.subarray(start + SOURCE.start, start + SOURCE.end), check);
  check = crc32(data.subarray(0, CHECK_OFFSET), check);
  const end = dataOffset + dataLength + valuesLength;
  check = crc32(bytes.subarray(dataOffset + BODY_OFFSET, end), check);
  return { key, told: data.readUInt32LE(CHECK_OFFSET), check, size: dataLength };
}

/** What has arrived of the entries of a round. It survives every ingester. */
export class Account {
  /** How often each has arrived. */
  readonly arrivals = new Map<Key, number>();
  /** The same, since the last life began. */
  readonly recent = new Map<Key, number>();
  /** Arrivals that are not what was written, for people: some of them. */
  readonly wrong: string[] = [];
  readonly #changes = new Changes();

  beginLife(): void {
    this.recent.clear();
  }

  take({ key, told, check, size }: Arrived, tag: string): void {
    if (key === undefined || crc32(tag, check) !== told) {
      const which = key === undefined ? 'foreign' : named([key])[0];
      if (this.wrong.length < MAX_EXAMPLES) this.wrong.push(`${which}, ${tag}, ${size} bytes`);
      return;
    }
    this.arrivals.set(key, (this.arrivals.get(key) ?? 0) + 1);
    this.recent.set(key, (this.recent.get(key) ?? 0) + 1);
    this.#changes.tell();
  }

  /** Arrivals of entries that had arrived before. */
  get duplicates(): number {
    return sum(this.arrivals) - this.arrivals.size;
  }

  get recentArrivals(): number {
    return sum(this.recent);
  }

  /** Waits until so many have arrived since the last life began. */
  hasTaken(count: number): Promise<void> {
    return this.#changes.until(`arrival ${count}`, () => this.recentArrivals >= count);
  }
}

function sum(counts: ReadonlyMap<Key, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
