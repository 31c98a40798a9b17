import { type EntryInput, MinimumVersion } from '@ringest/codec';
import {
  type DetachedFrame,
  type DittoEnd,
  encodedSize,
  encodeFrame,
  type Lane,
  type SharedMemoryPool,
} from '@ringest/workers';
import {
  BacklogFullError,
  BatchError,
  DittoError,
  InvalidArgumentError,
  NotHotError,
} from '../errors.js';
import { Wait, type WaitOptions } from '../wait.js';
import type { CheckedEntry } from './checked-entry.js';
import type { MuxerTags } from './muxer-tags.js';

/**
 * What an unfinished block costs in addition to its frames: its shared memory takes whole pages, and
 * both threads keep objects for it. Measured for the whole process on Node 20: 8 to 12 KB.
 */
const BLOCK_COST_BYTES = 16_384;

/**
 * How long an aborted block waits for its worker, which answers at once if the block was not sent, and
 * otherwise only when the indexer has answered.
 */
const TAKE_BACK_MS = 1000;

/** Picks the lane of a block; `undefined`: no lane is left but those that are passed over. */
type DittoPick = (passedOver: ReadonlySet<Lane>) => Lane | undefined;

/** Writes ditto blocks (§10). Each block goes to one indexer, at most once. */
export class DittoWriter {
  readonly #lanes: readonly Lane[];
  readonly #pickFrom: DittoPick;
  readonly #parts: CheckedEntry;
  readonly #tags: MuxerTags;
  readonly #memory: SharedMemoryPool;
  readonly #backlogBytes: number;
  /** A promise for the end of each unfinished block. */
  readonly #unfinished = new Set<Promise<DittoEnd>>();
  #unfinishedBytes = 0;

  /**
   * `parts` must attach nothing to entries. `backlogBytes` is the most memory of unfinished blocks.
   */
  constructor(parts: {
    readonly lanes: readonly Lane[];
    readonly pick: DittoPick;
    readonly parts: CheckedEntry;
    readonly tags: MuxerTags;
    readonly memory: SharedMemoryPool;
    readonly backlogBytes: number;
  }) {
    this.#lanes = parts.lanes;
    this.#pickFrom = parts.pick;
    this.#parts = parts.parts;
    this.#tags = parts.tags;
    this.#memory = parts.memory;
    this.#backlogBytes = parts.backlogBytes;
  }

  /** The memory of all unfinished blocks, in bytes. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes;
  }

  /**
   * Writes a block of entries. Aborting the signal takes back a block that is not sent; if it is sent,
   * its answer has {@link TAKE_BACK_MS} left.
   * @throws {InvalidArgumentError} `entries` is not an array
   * @throws {BatchError} an entry cannot be written; nothing was sent
   * @throws {BacklogFullError} unfinished blocks take too much memory
   * @throws {NotHotError} no lane is hot
   * @throws {DittoError} the block was not stored, or may not have been
   */
  async write(entries: readonly EntryInput[], signal: AbortSignal | undefined): Promise<void> {
    if (!Array.isArray(entries)) {
      throw new InvalidArgumentError('entries', entries, 'an array of entries');
    }
    if (signal?.aborted) throw cancelled(signal.reason, false);
    if (entries.length === 0) return;
    this.#checkBacklog();
    const bytes = this.#measure(entries);
    const lane = this.#pick(entries.map(({ tag }) => tag));
    await this.#send(lane, this.#encode(entries, bytes), entries.length, signal);
  }

  /**
   * Writes a block whose entries are encoded already.
   * @param runs all of its frames, each run with one tag
   * @param signal ends the waiting; what was sent by then may be stored
   * @throws what `write` throws, but for a `BatchError`
   */
  async writeFrames(
    runs: readonly DetachedFrame[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (signal?.aborted) throw cancelled(signal.reason, false);
    if (runs.length === 0) return;
    this.#checkBacklog();
    const lane = this.#pick(runs.map(({ tag }) => tag));
    const frames = this.#memory.allocate(runs.reduce((sum, { frame }) => sum + frame.length, 0));
    let at = 0;
    let entries = 0;
    for (const run of runs) {
      frames.fill(run.frame, at, at + run.frame.length);
      at += run.frame.length;
      entries += run.entries;
    }
    await this.#send(lane, frames, entries, signal);
  }

  /** Gives a block to a lane, in memory that is freed at its end. */
  async #send(
    lane: Lane,
    frames: Buffer,
    entries: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const cancelling = new AbortController();
    const ended = lane.ditto(frames, entries, cancelling.signal);
    this.#keep(frames, ended);
    await this.#wait(ended, signal, cancelling);
  }

  /**
   * Resolves once all blocks are finished that are unfinished now.
   * @throws {WaitTimeoutError} not all were finished in time
   */
  settled(options: WaitOptions): Promise<void> {
    const pending = new Wait('the end of all ditto blocks', options, (error) =>
      pending.reject(error),
    );
    void Promise.all(this.#unfinished).then(() => pending.resolve());
    return pending.promise;
  }

  #checkBacklog(): void {
    if (this.#unfinished.size === 0 || this.#unfinishedBytes < this.#backlogBytes) return;
    throw new BacklogFullError(this.#unfinishedBytes);
  }

  /** Keeps the memory of a block until its end, because the worker reads it even if the caller has given up. */
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
    const pending = new Wait('the end of a ditto block', { signal }, (reason) => {
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

  /** Returns the bytes of all frames, and checks every entry. */
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

  /** Picks a hot lane whose indexer knows ditto blocks and has refused none of the block's tags. */
  #pick(tags: readonly number[]): Lane {
    const hot = this.#lanes.filter((lane) => lane.isHot);
    if (hot.length === 0) throw new NotHotError(this.#lastError());
    if (!hot.some(takesDittos)) {
      const needed = `indexers of API version ${MinimumVersion.ditto} or later`;
      throw new DittoError(
        'version',
        false,
        `it needs ${needed}, and none is connected: wait for one, or upgrade an indexer`,
      );
    }
    const unfit = hot.filter((lane) => !takesDittos(lane) || refusesAny(lane, tags));
    const lane = this.#pickFrom(new Set(unfit));
    if (lane === undefined) {
      throw new DittoError(
        'tag',
        false,
        'no connected indexer accepts all of its tags: allow them on one',
      );
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
        return new DittoError(
          'refused',
          false,
          `the indexer refused it with the code ${end.result}`,
        );
      case 'unknownTag': {
        const name = JSON.stringify(this.#tags.lookup(end.tag));
        return new DittoError(
          'tag',
          false,
          `the indexer does not accept the tag ${name}: allow it there`,
        );
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

function refusesAny(lane: Lane, tags: readonly number[]): boolean {
  return lane.refusesAny && tags.some((tag) => lane.refuses(tag));
}

function cancelled(cause: unknown, mayBeStored: boolean): DittoError {
  const then = mayBeStored ? 'the block could not be taken back' : 'the block was not sent';
  return new DittoError('cancelled', mayBeStored, `the signal was aborted, and ${then}`, { cause });
}
