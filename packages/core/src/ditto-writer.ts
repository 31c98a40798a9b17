import { type EntryInput, MinimumVersion } from '@ringest/codec';
import {
  type DittoEnd,
  encodedSize,
  encodeFrame,
  type Lane,
  type SharedMemoryPool,
} from '@ringest/workers';
import type { Balancer } from './balancing/index.js';
import type { EntryParts } from './entry-parts.js';
import { BatchError, DittoError, NotHotError } from './errors.js';
import type { TagTable } from './tag-table.js';

/** Writes ditto blocks (§10), each to one indexer, at most once. */
export class DittoWriter {
  readonly #lanes: readonly Lane[];
  readonly #balancer: Balancer<Lane>;
  readonly #parts: EntryParts;
  readonly #tags: TagTable;
  readonly #memory: SharedMemoryPool;

  /** @param parts entries are written as they are: nothing is attached */
  constructor(parts: {
    readonly lanes: readonly Lane[];
    readonly balancer: Balancer<Lane>;
    readonly parts: EntryParts;
    readonly tags: TagTable;
    readonly memory: SharedMemoryPool;
  }) {
    this.#lanes = parts.lanes;
    this.#balancer = parts.balancer;
    this.#parts = parts.parts;
    this.#tags = parts.tags;
    this.#memory = parts.memory;
  }

  /**
   * Writes a block of entries.
   * @throws {BatchError} one entry is bad
   * @throws {NotHotError}
   * @throws {DittoError} the block is not stored, or nobody knows
   */
  async write(entries: readonly EntryInput[], signal: AbortSignal | undefined): Promise<void> {
    const bytes = this.#measure(entries);
    const lane = this.#pick(entries);
    const frames = this.#encode(entries, bytes);
    const ended = lane.ditto(frames, entries.length, signal);
    // The memory is read until then, whatever becomes of the one who waits.
    const stored = ended.then((end) => {
      this.#memory.give(frames);
      this.#check(end, signal);
    });
    if (signal === undefined) return stored;
    return new Promise((resolve, reject) => {
      const abort = () => reject(cancelled(signal));
      signal.addEventListener('abort', abort, { once: true });
      stored.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
    });
  }

  /** Bytes of all frames; every entry is good then. */
  #measure(entries: readonly EntryInput[]): number {
    let bytes = 0;
    for (const entry of this.#each(entries)) bytes += encodedSize(entry);
    return bytes;
  }

  #encode(entries: readonly EntryInput[], bytes: number): Buffer {
    const frames = this.#memory.take(bytes);
    let at = 0;
    for (const entry of this.#each(entries)) {
      const end = at + encodedSize(entry);
      encodeFrame(entry, frames.subarray(at, end));
      at = end;
    }
    return frames;
  }

  *#each(entries: readonly EntryInput[]): Iterable<EntryParts> {
    for (const [i, entry] of entries.entries()) {
      try {
        this.#parts.take(entry);
      } catch (error) {
        throw new BatchError(i, error);
      }
      yield this.#parts;
    }
  }

  /** A hot lane whose indexer knows ditto blocks, and has refused none of the block's tags. */
  #pick(entries: readonly EntryInput[]): Lane {
    const hot = this.#lanes.filter((lane) => lane.isHot);
    if (hot.length === 0) throw new NotHotError(this.#lastError());
    if (!hot.some(takesDittos)) {
      const needed = `indexers of API version ${MinimumVersion.ditto} or later`;
      throw new DittoError('version', `it needs ${needed}, and none is connected`);
    }
    const unfit = hot.filter((lane) => !takesDittos(lane) || refusesAny(lane, entries));
    const lane = this.#balancer.pick(new Set(unfit));
    if (lane === undefined) throw new DittoError('tag', 'no connected indexer takes all its tags');
    return lane;
  }

  #lastError(): Error | undefined {
    return this.#lanes.find(({ lastError }) => lastError !== undefined)?.lastError;
  }

  #check(end: DittoEnd, signal: AbortSignal | undefined): void {
    switch (end.kind) {
      case 'stored':
        return;
      case 'refused':
        throw new DittoError('refused', `the indexer refused it with ${end.result}`);
      case 'unknownTag': {
        const name = JSON.stringify(this.#tags.lookup(end.tag));
        throw new DittoError('tag', `the indexer does not take tag ${name}`);
      }
      case 'cancelled':
        if (signal?.aborted) throw cancelled(signal);
        throw new DittoError('lost', 'the connection was lost before it was sent');
      case 'lost':
        throw new DittoError('lost', 'the connection was lost before it was confirmed');
    }
  }
}

function takesDittos(lane: Lane): boolean {
  return (lane.session?.indexerVersion ?? 0) >= MinimumVersion.ditto;
}

function refusesAny(lane: Lane, entries: readonly EntryInput[]): boolean {
  return lane.refusesAny && entries.some(({ tag }) => lane.refuses(tag));
}

function cancelled(signal: AbortSignal): DittoError {
  return new DittoError('cancelled', 'the signal was aborted', { cause: signal.reason });
}
