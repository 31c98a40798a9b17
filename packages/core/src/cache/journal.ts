import type { SharedMemoryPool } from '@ringest/workers';
import type { CacheSettings } from '../configuration/cache-settings.js';
import type { FrameTap } from '../placing/placer.js';
import { BlockBuilder, type FrameBlock } from './block-builder.js';

/** What a journal needs of its surroundings. */
export interface JournalSurroundings {
  /** Whether the disk works: else entries are in memory only, and resolve when they are confirmed. */
  isStoring(): boolean;
  /** Whether so much waits for the disk that nothing more may be added. */
  isBehind(): boolean;
  /** Something was copied: it is to be flushed at the end of the turn. */
  copied(): void;
  append(block: FrameBlock): void;
}

/** Copies what enters rings into blocks for the disk. */
export class Journal implements FrameTap {
  readonly #around: JournalSurroundings;
  readonly #writer: BlockBuilder;
  #isComplete = true;

  constructor(settings: CacheSettings, pool: SharedMemoryPool, around: JournalSurroundings) {
    this.#around = around;
    this.#writer = new BlockBuilder(pool, settings.maxSegmentBytes, (block) =>
      around.append(block),
    );
  }

  get isBehind(): boolean {
    return this.#around.isBehind();
  }

  /** Bytes that are gathered, and in no block yet. */
  get bytes(): number {
    return this.#writer.bytes;
  }

  copy(frames: readonly Uint8Array[], entries: number): void {
    if (this.#around.isStoring()) this.#writer.add(frames, entries);
    else this.#isComplete = false;
    this.#around.copied();
  }

  /**
   * Hands on what is gathered.
   * @returns whether everything since the last time was copied
   */
  flush(): boolean {
    this.#writer.flush();
    const isComplete = this.#isComplete;
    this.#isComplete = true;
    return isComplete;
  }
}
