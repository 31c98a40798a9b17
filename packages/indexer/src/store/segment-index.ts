import { readFile, rename, writeFile } from 'node:fs/promises';
import { type BlockHead, decodeIndexRecord, encodeIndexRecord, fieldsOf } from './record.js';
import { indexPath } from './segment-files.js';

/** Blocks that follow each other get a row of their own once they have this many bytes together. */
const ROW_BYTES = 64 * 1024;

/** Some blocks that follow each other, without damage between them. */
export interface IndexRow {
  /** Where the first of them begins. */
  readonly offset: number;
  /** Where the last of them ends. */
  readonly end: number;
  readonly entries: number;
  /** The whole Unix seconds of the earliest entry. */
  readonly first: number;
  /** The whole Unix seconds of the latest entry. */
  readonly last: number;
  /** The names of the tags, by their places in the list of the index. */
  readonly tags: readonly number[];
}

/**
 * The index of a segment that is not written any more. It is a file beside the segment, and can be made
 * from the segment again: a reader without it reads the heads of all blocks instead.
 */
export interface SegmentIndex {
  /** The bytes of the segment. With another size the index is not used. */
  readonly bytes: number;
  readonly entries: number;
  /** When the last block was written, in milliseconds since 1970. */
  readonly written: number;
  /** The names of all tags. */
  readonly tags: readonly string[];
  readonly rows: readonly IndexRow[];
  /** Damaged parts, which no row contains. */
  readonly damage: readonly DamagedPart[];
}

/** Bytes of a segment that are no block. */
export interface DamagedPart {
  readonly offset: number;
  readonly bytes: number;
  /** How many entries are in it; `undefined`: that is not known. */
  readonly entries: number | undefined;
}

/** Makes the index of a segment, block by block. */
export class IndexBuilder {
  readonly #tags = new Map<string, number>();
  readonly #rows: { -readonly [Key in keyof IndexRow]: IndexRow[Key] }[] = [];
  /** The tags of the last row. */
  #rowTags = new Set<number>();
  #entries = 0;
  #written: number;
  readonly #damage: DamagedPart[] = [];

  /** @param created when the segment was begun, in milliseconds since 1970 */
  constructor(created: number) {
    this.#written = created;
  }

  add(offset: number, bytes: number, head: BlockHead): void {
    const { entries, first, last } = head;
    this.#entries += entries;
    this.#written = Math.max(this.#written, head.written);
    const tags = Array.from(head.tags.values(), (name) => this.#place(name));
    const end = offset + bytes;
    const row = this.#rows.at(-1);
    if (row === undefined || row.end !== offset || row.end - row.offset >= ROW_BYTES) {
      this.#rows.push({ offset, end, entries, first, last, tags });
      this.#rowTags = new Set(tags);
      return;
    }
    row.end = end;
    row.entries += entries;
    row.first = Math.min(row.first, first);
    row.last = Math.max(row.last, last);
    const more = tags.filter((tag) => !this.#rowTags.has(tag));
    if (more.length === 0) return;
    for (const tag of more) this.#rowTags.add(tag);
    row.tags = [...this.#rowTags];
  }

  addDamage({ offset, bytes, entries }: DamagedPart): void {
    this.#damage.push({ offset, bytes, entries });
  }

  /** @param bytes the size of the segment */
  finish(bytes: number): SegmentIndex {
    const tags = [...this.#tags.keys()];
    const [entries, written, damage] = [this.#entries, this.#written, this.#damage];
    return { bytes, entries, written, tags, rows: this.#rows, damage };
  }

  #place(name: string): number {
    const place = this.#tags.get(name) ?? this.#tags.size;
    this.#tags.set(name, place);
    return place;
  }
}

/** Writes the index of a segment. It is there whole or not at all. Throws the error of the system. */
export async function writeIndex(
  folder: string,
  number: number,
  seed: number,
  index: SegmentIndex,
): Promise<void> {
  const path = indexPath(folder, number);
  const rows = index.rows.map((row) => ROW.map((field) => row[field]));
  const damage = index.damage.map(({ offset, bytes, entries }) => [offset, bytes, entries ?? null]);
  const record = encodeIndexRecord({ ...index, rows, damage }, seed);
  await writeFile(`${path}.partial`, record, { mode: 0o600 });
  await rename(`${path}.partial`, path);
}

/** The fields of a row, in the order in which they are written. */
const ROW = ['offset', 'end', 'entries', 'first', 'last', 'tags'] as const;

/**
 * Reads the index of a segment of this size; `undefined`: there is none that can be used. Throws no error.
 */
export async function readIndex(
  folder: string,
  number: number,
  seed: number,
  bytes: number,
): Promise<SegmentIndex | undefined> {
  const file = await readFile(indexPath(folder, number)).catch(() => undefined);
  const index = file === undefined ? undefined : indexFrom(decodeIndexRecord(file, seed));
  return index?.bytes === bytes ? index : undefined;
}

function indexFrom(value: unknown): SegmentIndex | undefined {
  const { bytes, entries, written, tags, rows, damage } = fieldsOf(value);
  if (typeof bytes !== 'number' || typeof entries !== 'number') return undefined;
  if (typeof written !== 'number' || !isListOf(tags, isText)) return undefined;
  if (!Array.isArray(rows) || !Array.isArray(damage)) return undefined;
  const [readRows, readDamage] = [rows.map(rowFrom), damage.map(damageFrom)];
  if (!readRows.every(isThere) || !readDamage.every(isThere)) return undefined;
  return { bytes, entries, written, tags, rows: readRows, damage: readDamage };
}

function rowFrom(value: unknown): IndexRow | undefined {
  if (!Array.isArray(value)) return undefined;
  const [offset, end, entries, first, last, tags]: unknown[] = value;
  if (!isNumber(offset) || !isNumber(end) || !isNumber(entries)) return undefined;
  if (!isNumber(first) || !isNumber(last) || !isListOf(tags, isNumber)) return undefined;
  return { offset, end, entries, first, last, tags };
}

function damageFrom(value: unknown): DamagedPart | undefined {
  if (!Array.isArray(value)) return undefined;
  const [offset, bytes, entries]: unknown[] = value;
  if (!isNumber(offset) || !isNumber(bytes)) return undefined;
  return { offset, bytes, entries: isNumber(entries) ? entries : undefined };
}

const isNumber = (value: unknown) => typeof value === 'number';
const isText = (value: unknown) => typeof value === 'string';
const isThere = <Value>(value: Value | undefined) => value !== undefined;

function isListOf<Value>(
  value: unknown,
  isOne: (one: unknown) => one is Value,
): value is readonly Value[] {
  return Array.isArray(value) && value.every(isOne);
}
