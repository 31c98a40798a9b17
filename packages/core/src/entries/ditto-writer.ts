import { type EntryInput, MinimumVersion } from '@ringest/codec';
import {
  type DittoEnd,
  encodedSize,
  encodeFrame,
  type Lane,
  type SharedMemoryPool,
} from '@ringest/workers';
import type { Balancer } from '../balancing/index.js';
import {
  BacklogFullError,
  BatchError,
  DittoError,
  InvalidArgumentError,
  NotHotError,
} from '../errors.js';
import { Pending, type WaitOptions } from '../pending.js';
import type { CheckedEntry } from './checked-entry.js';
import type { MuxerTags } from './muxer-tags.js';

/**
 * Bytes that an unfinished block costs beside its frames: its shared memory takes whole pages, and
 * both threads keep what belongs to it. Measured (Node 20, all of the process): 8 to 12 KB.
 */
const BLOCK_COST_BYTES = 16_384;

/**
 * Milliseconds in which a worker says that it has taken an aborted block back. Of one that is sent
 * it says nothing until that is answered.
 */
const TAKE_BACK_MS = 1000;

/** Writes ditto blocks (§10), each to one indexer, at most once. */
export class DittoWriter {
  readonly #lanes: readonly Lane[];
  readonly #balancer: Balancer<Lane>;
  readonly #parts: CheckedEntry;
  readonly #tags: MuxerTags;
  readonly #memory: SharedMemoryPool;
  readonly #backlogBytes: number;
  /** The ends of blocks that have none yet. */
  readonly #unfinished = new Set<Promise<DittoEnd>>();
  #unfinishedBytes = 0;

  /**
   * @param parts entries are written as they are: nothing is attached
   * @param backlogBytes what blocks may take that are not finished
   */
  constructor(parts: {
    readonly lanes: readonly Lane[];
    readonly balancer: Balancer<Lane>;
    readonly parts: CheckedEntry;
    readonly tags: MuxerTags;
    readonly memory: SharedMemoryPool;
    readonly backlogBytes: number;
  }) {
    this.#lanes = parts.lanes;
    this.#balancer = parts.balancer;
    this.#parts = parts.parts;
    this.#tags = parts.tags;
    this.#memory = parts.memory;
    this.#backlogBytes = parts.backlogBytes;
  }

  /** Bytes that blocks take until they are stored, refused, lost or taken back. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  /**
   * Writes a block of entries. An abort takes it back unless it is sent; if it is, a short while is
   * left for its answer.
   * @throws {InvalidArgumentError} they are no array
   * @throws {BatchError} one entry is bad
   * @throws {BacklogFullError}
   * @throws {NotHotError}
   * @throws {DittoError} the block is not stored, or nobody knows
   */
  async write(entries: readonly EntryInput[], signal: AbortSignal | undefined): Promise<void> {
    if (!Array.isArray(entries)) {
      throw new InvalidArgumentError('entries', entries, 'an array of entries');
    }
    if (signal?.aborted) throw cancelled(signal.reason, false);
    if (entries.length === 0) return;
    this.#checkBacklog();
    const bytes = this.#measure(entries);
    const lane = this.#pick(entries);
    const frames = this.#encode(entries, bytes);
    const cancelling = new AbortController();
    const ended = lane.ditto(frames, entries.length, cancelling.signal);
    this.#keep(frames, ended);
    await this.#wait(ended, signal, cancelling);
  }

  /**
   * Resolves once all blocks are finished that are not now.
   * @throws {WaitTimeoutError}
   */
  settled(options: WaitOptions): Promise<void> {
    const pending = new Pending('the end of all ditto blocks', options, (error) =>
      pending.reject(error),
    );
    void Promise.all(this.#unfinished).then(() => pending.resolve());
    return pending.promise;
  }

  #checkBacklog(): void {
    if (this.#unfinished.size === 0 || this.#unfinishedBytes < this.#backlogBytes) return;
    throw new BacklogFullError(this.#unfinishedBytes);
  }

  /** The memory is read until the end, whatever becomes of the one who waits. */
  #keep(frames: Buffer, ended: Promise<DittoEnd>): void {
    const cost = frames.length + BLOCK_COST_BYTES;
    this.#unfinished.add(ended);
    this.#unfinishedBytes += cost;
    void ended.then(() => {
      this.#unfinished.delete(ended);
      this.#unfinishedBytes -= cost;
      this.#memory.free(frames);
    });
  }

  #wait(
    ended: Promise<DittoEnd>,
    signal: AbortSignal | undefined,
    cancelling: AbortController,
  ): Promise<void> {
    let giveUp: NodeJS.Timeout | undefined;
    const pending = new Pending('the end of a ditto block', { signal }, (reason) => {
      cancelling.abort();
      giveUp = setTimeout(() => pending.reject(cancelled(reason, true)), TAKE_BACK_MS);
    });
    void ended.then((end) => {
      clearTimeout(giveUp);
      const problem = this.#problem(end, signal);
      if (problem === undefined) pending.resolve();
      else pending.reject(problem);
    });
    return pending.promise;
  }

  /** Bytes of all frames; every entry is good then. */
  #measure(entries: readonly EntryInput[]): number {
    let bytes = 0;
    for (const entry of this.#each(entries)) bytes += encodedSize(entry);
    return bytes;
  }

  #encode(entries: readonly EntryInput[], bytes: number): Buffer {
    const frames = this.#memory.allocate(bytes);
    let at = 0;
    for (const entry of this.#each(entries)) {
      const end = at + encodedSize(entry);
      encodeFrame(entry, frames.subarray(at, end));
      at = end;
    }
    return frames;
  }

  *#each(entries: readonly EntryInput[]): Iterable<CheckedEntry> {
    for (const [i, entry] of entries.entries()) {
      try {
        this.#parts.check(entry);
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
      throw new DittoError('version', false, `it needs ${needed}, and none is connected`);
    }
    const unfit = hot.filter((lane) => !takesDittos(lane) || refusesAny(lane, entries));
    const lane = this.#balancer.pick(new Set(unfit));
    if (lane === undefined) {
      throw new DittoError('tag', false, 'no connected indexer takes all its tags');
    }
    return lane;
  }

  #lastError(): Error | undefined {
    return this.#lanes.find(({ lastError }) => lastError !== undefined)?.lastError;
  }

  #problem(end: DittoEnd, signal: AbortSignal | undefined): DittoError | undefined {
    switch (end.kind) {
      case 'stored':
        return undefined;
      case 'refused':
        return new DittoError('refused', false, `the indexer refused it with ${end.result}`);
      case 'unknownTag': {
        const name = JSON.stringify(this.#tags.lookup(end.tag));
        return new DittoError('tag', false, `the indexer does not take tag ${name}`);
      }
      case 'cancelled':
        if (signal?.aborted) return cancelled(signal.reason, false);
        return new DittoError('lost', false, 'the connection was lost before it was sent');
      case 'lost':
        return new DittoError('lost', true, 'the connection was lost before it was confirmed');
    }
  }
}

function takesDittos(lane: Lane): boolean {
  return (lane.session?.indexerVersion ?? 0) >= MinimumVersion.ditto;
}

function refusesAny(lane: Lane, entries: readonly EntryInput[]): boolean {
  return lane.refusesAny && entries.some(({ tag }) => lane.refuses(tag));
}

function cancelled(cause: unknown, mayBeStored: boolean): DittoError {
  const then = mayBeStored ? 'it could not be taken back' : 'it was not sent';
  return new DittoError('cancelled', mayBeStored, `the signal was aborted, and ${then}`, { cause });
}
