import type { CacheSegment } from '@ringest/cache';

/** What a sweeper needs of its surroundings. */
export interface SweeperSurroundings {
  segments(): readonly CacheSegment[];
  /** Whether a segment has what no lane has got, or what cannot be sent. */
  isNeeded(segment: number): boolean;
  /** Resolves once all that is in rings now is confirmed. */
  confirmed(): Promise<void>;
  /** Stores what was accepted and can be in no ring, so that a segment with it can go. */
  keepRefused(): Promise<void>;
  remove(segment: number): Promise<void>;
  /** Not all that should go could be removed: `retry` goes on. Called once until it works again. */
  failed(error: unknown): void;
}

/** Removes segments once all that is in them is confirmed. Only `stop` ends that. */
export class SegmentRemover {
  readonly #around: SweeperSurroundings;
  #isRunning = false;
  /** The last sweep has failed: the next one waits for `retry`. */
  #hasFailed = false;
  #isStopped = false;

  constructor(around: SweeperSurroundings) {
    this.#around = around;
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
    this.#isStopped = true;
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
      if (!this.#hasFailed) this.#around.failed(error);
      this.#hasFailed = true;
    } finally {
      this.#isRunning = false;
    }
  }

  async #sweep(): Promise<void> {
    for (let over = this.#over(); over.length > 0 && !this.#isStopped; over = this.#over()) {
      await this.#around.confirmed();
      if (this.#isStopped) return;
      await this.#around.keepRefused();
      await this.#removeAll(over);
    }
  }

  /** Throws the first error, after it has tried all. */
  async #removeAll(over: readonly CacheSegment[]): Promise<void> {
    const errors: unknown[] = [];
    for (const { id } of over) {
      if (this.#around.isNeeded(id)) continue;
      try {
        await this.#around.remove(id);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Segments that get no more entries, and whose entries are in rings, or were. */
  #over(): CacheSegment[] {
    const { segments, isNeeded } = this.#around;
    return segments().filter(({ id, isSealed }) => isSealed && !isNeeded(id));
  }
}
