import type { CacheSegment } from '@ringest/workers';

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
}

/** Removes segments once all that is in them is confirmed. */
export class Sweeper {
  readonly #around: SweeperSurroundings;
  #isRunning = false;
  #isStopped = false;

  constructor(around: SweeperSurroundings) {
    this.#around = around;
  }

  /** A segment was sealed, or what was in it is in rings. */
  look(): void {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#sweep()
      // Nobody waits for confirmations any more: what is left is for the next run.
      .catch(() => this.stop())
      .finally(() => {
        this.#isRunning = false;
      });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #sweep(): Promise<void> {
    for (let over = this.#over(); over.length > 0 && !this.#isStopped; over = this.#over()) {
      await this.#around.confirmed();
      if (this.#isStopped) return;
      await this.#around.keepRefused();
      for (const { id } of over) {
        if (!this.#around.isNeeded(id)) await this.#around.remove(id);
      }
    }
  }

  /** Segments that get no more entries, and whose entries are in rings, or were. */
  #over(): CacheSegment[] {
    const { segments, isNeeded } = this.#around;
    return segments().filter(({ id, isSealed }) => isSealed && !isNeeded(id));
  }
}
