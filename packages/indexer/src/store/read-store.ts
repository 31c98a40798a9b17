import type { FileHandle } from 'node:fs/promises';
import { StoreOpenError } from '../errors.js';
import { readStart, walkBlocks } from './block-walk.js';
import { EntryFilter, type EntryFilterOptions } from './entry-filter.js';
import { FolderWatch } from './folder-watch.js';
import type { BlockHead } from './record.js';
import { openIfThere, segmentName, segmentNumbers, segmentPath } from './segment-files.js';
import { readIndex } from './segment-index.js';
import { StoredBlock } from './stored-block.js';

/** A part of a store that cannot be read. */
export interface StoreDamage {
  /** The name of the segment's file. */
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
  /** How many entries are in it; `undefined`: that is not known. */
  readonly entries: number | undefined;
  /** What is wrong. */
  readonly problem: string;
}

const DAMAGED = 'it is damaged';

/** How a store is read. */
export interface ReadStoreOptions extends EntryFilterOptions {
  /** Whether to wait for further entries at the end. Default: `false`. */
  readonly follow?: boolean | undefined;
  /** Called with each part that cannot be read; reading goes on after it. Default: it is skipped. */
  readonly onDamage?: ((damage: StoreDamage) => void) | undefined;
  /** Ends reading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a store, block by block, in the order in which entries came in. It changes nothing, and an indexer
 * may write and remove segments at the same time. Parts of segments in which nothing can match are not
 * read. A segment is read up to where it ends at that time.
 *
 * @throws {StoreOpenError} if the folder cannot be read.
 * @throws {InvalidTimestampError} if a time is not one.
 */
export async function* readStore(
  folder: string,
  options: ReadStoreOptions = {},
): AsyncGenerator<StoredBlock> {
  const { follow = false, signal } = options;
  const reading = new StoreReading(folder, options);
  const watch = follow ? await opening(folder, () => new FolderWatch(folder, signal)) : undefined;
  try {
    for (;;) {
      const numbers = await opening(folder, () => segmentNumbers(folder));
      for (const number of numbers) {
        for await (const block of reading.read(number)) {
          if (signal?.aborted) return;
          yield block;
        }
      }
      if (watch === undefined) return;
      await watch.next();
      if (signal?.aborted) return;
    }
  } finally {
    watch?.close();
  }
}

async function opening<Result>(
  folder: string,
  action: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw new StoreOpenError(folder, cause);
  }
}

/** What is read, and how far. */
class StoreReading {
  readonly #folder: string;
  readonly #filter: EntryFilter;
  readonly #onDamage: (damage: StoreDamage) => void;
  /** Segments before this one are read to their end. */
  #first = 0;
  /** How far that one is read. */
  #offset = 0;

  constructor(folder: string, options: ReadStoreOptions) {
    this.#folder = folder;
    this.#filter = new EntryFilter(options);
    this.#onDamage = options.onDamage ?? (() => {});
  }

  /** Reads what was not read of a segment. Throws the error of the system. */
  async *read(number: number): AsyncGenerator<StoredBlock> {
    if (number < this.#first) return;
    const from = number === this.#first ? this.#offset : 0;
    const file = await openIfThere(segmentPath(this.#folder, number));
    // It was removed, because it was too old.
    if (file === undefined) return;
    this.#first = number;
    this.#offset = from;
    try {
      yield* this.#readFile(file, number);
    } finally {
      await file.close();
    }
  }

  async *#readFile(file: FileHandle, number: number): AsyncGenerator<StoredBlock> {
    const segment = segmentName(number);
    const { size } = await file.stat();
    if (size === this.#offset) return;
    const start = await readStart(file);
    if (start.kind === 'torn') return;
    if (start.kind !== 'segment') {
      const problem =
        start.kind === 'newer'
          ? `its format is ${start.format}: use a newer version`
          : 'its header is damaged';
      this.#onDamage({ segment, offset: 0, bytes: size, entries: undefined, problem });
      this.#offset = size;
      return;
    }
    const { seed } = start;
    const filter = this.#filter;
    const from = Math.max(this.#offset, start.bytes);
    const index = await readIndex(this.#folder, number, seed, size);
    const rows = index?.rows.filter((row) => row.end > from && filter.mayMatchRow(row, index));
    for (const { offset, bytes, entries } of index?.damage ?? []) {
      if (offset < from) continue;
      this.#onDamage({ segment, offset, bytes, entries, problem: DAMAGED });
    }
    const ranges = rows?.map(({ offset, end }) => ({ start: Math.max(offset, from), end }));
    for (const range of ranges ?? [{ start: from, end: size }]) {
      const walk = { ...range, seed, wants: (head: BlockHead) => filter.mayMatch(head) };
      for await (const part of walkBlocks(file, walk)) {
        const { offset, bytes } = part;
        const isUnfinished = part.kind === 'torn' && index === undefined;
        if (!isUnfinished) this.#offset = offset + bytes;
        if (part.kind === 'block') {
          const { head, frames } = part;
          if (frames) yield new StoredBlock({ segment, offset }, { head, frames }, filter);
        } else if (!isUnfinished) {
          const { entries } = part;
          this.#onDamage({ segment, offset, bytes, entries, problem: DAMAGED });
        }
      }
    }
    if (index !== undefined) this.#offset = size;
  }
}
