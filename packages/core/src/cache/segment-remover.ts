import type { CacheSegment } from '@ringest/cache';
import type { Rings } from '../placing/rings.js';
import type { CacheHost } from './cache-host.js';
import type { NeededSegments } from './needed-segments.js';
import type { RefusedKeeper } from './refused-keeper.js';
import type { Store } from './store.js';

/** Milliseconds between two looks at what can be ended and removed: so much is sent again after a crash. */
const ROLL_MS = 1000;

/** What a remover of segments works with. */
export interface SegmentRemoverParts {
  readonly store: Pick<Store, 'segments' | 'remove' | 'seal'>;
  readonly contents: Pick<NeededSegments, 'isNeeded' | 'removed'>;
  readonly rings: Pick<Rings, 'confirmed' | 'isAnyHot'>;
  readonly refused: Pick<RefusedKeeper, 'keep' | 'forgetOthers'>;
  readonly host: Pick<CacheHost, 'warn'>;
}

/** Removes segments once all that is in them is confirmed. Only `stop` ends that. */
export class SegmentRemover {
  readonly #parts: SegmentRemoverParts;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  /** The last sweep has failed: the next one waits for `retry`. */
  #hasFailed = false;
  #isStopped = false;

  constructor(parts: SegmentRemoverParts) {
    this.#parts = parts;
  }

  /** Looks once a second, too. It ends a segment of which nothing is pending, so that it can go. */
  start(): void {
    this.#timer = setInterval(() => this.#roll(), ROLL_MS).unref();
  }

  /** A segment was sealed, or what was in it is in rings. */
  look(): void {
    if (!this.#hasFailed) void this.#run();
  }

  /** Looks also after a sweep that has failed: to be called now and then. */
  retry(): void {
    void this.#run();
  }

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
    // What is pending is ended when it is read; without an indexer, nothing can be removed.
    if (!contents.isNeeded(last.id) && rings.isAnyHot) store.seal();
  }

  async #run(): Promise<void> {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    try {
      await this.#sweep();
      this.#hasFailed = false;
    } catch (error) {
      // Nobody waits for confirmations any more: what is left is for the next run.
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
    for (let over = this.#over(); over.length > 0 && !this.#isStopped; over = this.#over()) {
      await this.#parts.rings.confirmed();
      if (this.#isStopped) return;
      await this.#parts.refused.keep();
      await this.#removeAll(over);
    }
  }

  /** Throws the first error, after it has tried all. */
  async #removeAll(over: readonly CacheSegment[]): Promise<void> {
    const errors: unknown[] = [];
    for (const { id } of over) {
      if (this.#parts.contents.isNeeded(id)) continue;
      try {
        await this.remove(id);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Segments that get no more entries, and whose entries are in rings, or were. */
  #over(): CacheSegment[] {
    const { store, contents } = this.#parts;
    return store.segments.filter(({ id, isSealed }) => isSealed && !contents.isNeeded(id));
  }
}
