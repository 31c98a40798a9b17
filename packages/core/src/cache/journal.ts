import type { SharedMemoryPool } from '@ringest/workers';
import type { OncePerTurn } from '../once-per-turn.js';
import type { FrameTap } from '../placing/placer.js';
import type { Appender } from './appender.js';
import { BlockBuilder } from './block-builder.js';
import type { Store } from './store.js';

/** What a journal is made of. */
export interface JournalParts {
  readonly store: Store;
  readonly appender: Appender;
  readonly pool: SharedMemoryPool;
  /** Hands on what is gathered. */
  readonly handOn: OncePerTurn;
  /** Whether so much waits for the disk that nothing more may be added. */
  isBehind(): boolean;
}

/** Copies what enters rings into blocks for the disk. */
export class Journal implements FrameTap {
  readonly #parts: JournalParts;
  readonly #builder: BlockBuilder;
  #isComplete = true;

  /** @param mostBytes that a block has, unless a single frame has more */
  constructor(parts: JournalParts, mostBytes: number) {
    const { pool, appender } = parts;
    this.#parts = parts;
    this.#builder = new BlockBuilder(pool, mostBytes, (block) => {
      appender.append('copies', block);
    });
  }

  get isBehind(): boolean {
    return this.#parts.isBehind();
  }

  /** Bytes that are gathered, and in no block yet. */
  get bytes(): number {
    return this.#builder.bytes;
  }

  copy(frames: readonly Uint8Array[], entries: number): void {
    // While the disk does not work, entries are in memory only, and resolve when they are confirmed.
    if (this.#parts.store.isWorking) this.#builder.add(frames, entries);
    else this.#isComplete = false;
    this.#parts.handOn.schedule();
  }

  /**
   * Hands on what is gathered.
   * @returns whether everything since the last time was copied
   */
  flush(): boolean {
    this.#builder.flush();
    const isComplete = this.#isComplete;
    this.#isComplete = true;
    return isComplete;
  }
}
