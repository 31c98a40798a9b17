import type { OncePerTurn } from '../once-per-turn.js';
import type { Placer } from '../placing/placer.js';
import type { CacheHost } from './cache-host.js';
import type { Journal } from './journal.js';
import { Receipts } from './receipts.js';
import type { Spill } from './spill.js';
import type { Store } from './store.js';
import { WriteReceipts } from './write-receipts.js';

/** With this many blocks on their way to the disk, a block that is not full waits for more entries. */
const MAX_UNDER_WAY = 4;

/** The parts that a group commit uses. */
export interface GroupCommitParts {
  readonly store: Store;
  readonly placer: Placer;
  readonly spill: Spill;
  /** Gets copies of what the placer commits; `undefined`: the cache is no journal. */
  readonly journal: Journal | undefined;
  readonly host: Pick<CacheHost, 'barrier'>;
  /** Runs `endTurn`. */
  readonly handOn: OncePerTurn;
}

/**
 * Appends to the cache, at the end of each event-loop turn, what was written in it. While the disk is slow,
 * several turns share a block. Receipts resolve when their entries are stored, or, while the disk stores
 * nothing, when indexers have confirmed them.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #store: Store;
  readonly #receipts = new Receipts();
  /** The receipts of the writes. */
  readonly writes: WriteReceipts;
  /** Whether gathered entries wait until a block is stored. */
  #waitsForDisk = false;
  #isConfirming = false;
  /** Whether some written entries are in no block, and their receipts have no key yet. */
  #isIncomplete = false;
  #isStopped = false;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.writes = new WriteReceipts(this.#receipts, () => parts.handOn.schedule());
  }

  /** Appends what was written so far, unless too many blocks are on their way to the disk. */
  endTurn(): void {
    const { blocksUnderWay, isWorking } = this.#store;
    this.#waitsForDisk = isWorking && blocksUnderWay >= MAX_UNDER_WAY;
    if (this.#waitsForDisk) this.look();
    else this.now();
  }

  /** Appends what was written so far. */
  now(): void {
    const { placer, spill, journal } = this.#parts;
    placer.commit();
    spill.flush();
    const isAllCopied = journal?.flush() ?? true;
    if (!isAllCopied) this.#isIncomplete = true;
    this.#receipts.appended(this.#isIncomplete ? undefined : this.#store.lastKey);
    // What was not copied may be the beginning of a write that waits for room with its rest.
    if (!this.writes.isAnyWaitingForRoom) this.#isIncomplete = false;
    this.look();
  }

  /** All blocks up to this key are stored. */
  stored(key: number): void {
    this.#receipts.stored(key);
    if (this.#waitsForDisk) this.#parts.handOn.schedule();
  }

  /** Whether the disk stores blocks may have changed. */
  look(): void {
    if (this.#isStopped) return;
    const { trouble, isFull } = this.#store;
    if (this.#waitsForDisk && trouble !== undefined) {
      this.#waitsForDisk = false;
      this.now();
      return;
    }
    const isStuck = trouble !== undefined || isFull;
    if (this.#waitsForDisk && isStuck) this.#receipts.gathered();
    const isNeeded = this.#receipts.isAnyUncopied || isStuck;
    if (isNeeded && this.#receipts.isAnyWaiting && !this.#isConfirming) void this.#confirm();
  }

  /** Stops resolving by confirmations: at the end, rings are emptied without any. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Settles all receipts, because the cache is closed; `undefined`: they resolve. */
  settle(error: Error | undefined): void {
    this.#receipts.settle(error);
  }

  /** Resolves receipts once indexers have confirmed their entries, which are not on the disk. */
  async #confirm(): Promise<void> {
    this.#isConfirming = true;
    const confirmed = this.#receipts.confirmed();
    try {
      await this.#parts.host.barrier();
      confirmed();
    } catch {
      // The next change tries again.
      return;
    } finally {
      this.#isConfirming = false;
    }
    this.look();
  }
}
