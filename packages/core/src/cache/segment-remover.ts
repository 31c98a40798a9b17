import type { CacheSegment } from '@ringest/cache';
import type { Rings } from '../placing/rings.js';
import type { CacheHost } from './cache-host.js';
import type { NeededSegments } from './needed-segments.js';
import type { RefusedKeeper } from './refused-keeper.js';
import type { Store } from './store.js';

/** Milliseconds between two checks. Entries of about that time are sent again after a crash. */
const ROLL_MS = 1000;

/** The parts that a remover of segments uses. */
export interface SegmentRemoverParts {
  readonly store: Pick<Store, 'segments' | 'remove' | 'seal'>;
  readonly contents: Pick<NeededSegments, 'isNeeded' | 'removed'>;
  readonly rings: Pick<Rings, 'confirmed' | 'isAnyHot'>;
  readonly refused: Pick<RefusedKeeper, 'keep' | 'forgetOthers'>;
  readonly host: Pick<CacheHost, 'warn'>;
}

/** Removes each segment when all of its entries are confirmed, until `stop`. */
export class SegmentRemover {
  readonly #parts: SegmentRemoverParts;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  /** Whether the last removal has failed. Then the next one waits for `retry`. */
  #hasFailed = false;
  #isStopped = false;

  constructor(parts: SegmentRemoverParts) {
    this.#parts = parts;
  }

  /** Begins to check once a second. Each check also seals the active segment if it is not needed. */
  start(): void {
    this.#timer = setInterval(() => this.#roll(), ROLL_MS).unref();
  }

  /** Checks now, because a segment was sealed or is not needed any more. */
  look(): void {
    if (!this.#hasFailed) void this.#run();
  }

  /** Checks now, even if the last removal has failed. */
  retry(): void {
    void this.#run();
  }

  /** Ends the checks and the removal for good. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  /** Removes a segment that is not needed. */
  async remove(segment: number): Promise<void> {
    await this.#parts.store.remove(segment);
    this.#parts.contents.removed(segment);
  }

  #roll(): void {
    const { store, contents, rings, refused } = this.#parts;
    refused.forgetOthers();
    this.retry();
    const last = store.segments.at(-1);
    if (last === undefined || last.isSealed) return;
    // A needed segment is sealed when it is read. Without an indexer, no segment can be removed.
    if (!contents.isNeeded(last.id) && rings.isAnyHot) store.seal();
  }

  async #run(): Promise<void> {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    try {
      await this.#sweep();
      this.#hasFailed = false;
    } catch (error) {
      // The muxer closes, and no confirmations come: the next run reads the segments.
      if (this.#isStopped) return;
      if (!this.#hasFailed) {
        this.#parts.host.warn({ err: error }, 'segments could not be removed; it is tried again');
      }
      this.#hasFailed = true;
    } finally {
      this.#isRunning = false;
    }
  }

  async #sweep(): Promise<void> {
    for (
      let segments = this.#removable();
      segments.length > 0 && !this.#isStopped;
      segments = this.#removable()
    ) {
      await this.#parts.rings.confirmed();
      if (this.#isStopped) return;
      await this.#parts.refused.keep();
      await this.#removeAll(segments);
    }
  }

  /** Tries all segments, and then throws the first error. */
  async #removeAll(segments: readonly CacheSegment[]): Promise<void> {
    const errors: unknown[] = [];
    for (const { id } of segments) {
      if (this.#parts.contents.isNeeded(id)) continue;
      try {
        await this.remove(id);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** The sealed segments that are not needed. */
  #removable(): CacheSegment[] {
    const { store, contents } = this.#parts;
    return store.segments.filter(({ id, isSealed }) => isSealed && !contents.isNeeded(id));
  }
}
