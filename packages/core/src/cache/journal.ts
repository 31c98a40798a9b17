import type { SharedMemoryPool } from '@ringest/workers';
import type { OncePerTurn } from '../once-per-turn.js';
import type { FrameTap } from '../placing/placer.js';
import type { Appender } from './appender.js';
import { BlockBuilder } from './block-builder.js';
import type { Store } from './store.js';

/** The parts that a journal uses. */
export interface JournalParts {
  readonly store: Store;
  readonly appender: Appender;
  readonly pool: SharedMemoryPool;
  /** Runs at the end of the turn, and flushes the journal. */
  readonly handOn: OncePerTurn;
  /** Whether too many bytes wait for the disk: then no entry may be added. */
  isBehind(): boolean;
}

/** Copies frames that enter rings into blocks for the disk. */
export class Journal implements FrameTap {
  readonly #parts: JournalParts;
  readonly #builder: BlockBuilder;
  #isComplete = true;
  #isBehind = false;

  /** @param mostBytes the most bytes of a block, unless a single frame has more */
  constructor(parts: JournalParts, mostBytes: number) {
    const { pool, appender } = parts;
    this.#parts = parts;
    this.#builder = new BlockBuilder(pool, mostBytes, (block) => {
      appender.append('copies', block);
    });
  }

  /** As of the last `copy` or `look`: it is asked for each entry. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Looks again how much waits for the disk, because a block is stored, or the disk fails. */
  look(): void {
    this.#isBehind = this.#parts.isBehind();
  }

  /** How many bytes are gathered, and in no block yet. */
  get bytes(): number {
    return this.#builder.bytes;
  }

  copy(frames: readonly Uint8Array[], entries: number): void {
    // While the disk does not work, entries are only in memory, and their writes resolve by confirmation.
    if (this.#parts.store.isWorking) this.#builder.add(frames, entries);
    else this.#isComplete = false;
    this.look();
    this.#parts.handOn.schedule();
  }

  /**
   * Makes a block of what is gathered.
   * @returns whether everything was copied since the last call
   */
  flush(): boolean {
    this.#builder.flush();
    const isComplete = this.#isComplete;
    this.#isComplete = true;
    return isComplete;
  }
}
