import type { OncePerTurn } from '../once-per-turn.js';
import type { Placer } from '../placing/placer.js';
import type { WaitOptions } from '../wait.js';
import type { CacheHost } from './cache-host.js';
import type { Journal } from './journal.js';
import { Receipts, withDeadline } from './receipts.js';
import type { Spill } from './spill.js';
import type { Store } from './store.js';

/** Blocks on their way before those that are not full wait for more. */
const MAX_UNDER_WAY = 4;

/** What a group commit works with. */
export interface GroupCommitParts {
  readonly store: Store;
  readonly placer: Placer;
  readonly spill: Spill;
  /** If there is one, it gets what the placer commits. */
  readonly journal: Journal | undefined;
  readonly host: Pick<CacheHost, 'barrier'>;
  /** Runs `endTurn`. */
  readonly handOn: OncePerTurn;
}

/**
 * Hands on what was written at the end of each event-loop turn, unless the disk is slower than that,
 * and tells those who wrote it when it is stored; or confirmed, while the disk takes nothing.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #store: Store;
  readonly #receipts = new Receipts();
  /** What is gathered waits for a block to be stored. */
  #waitsForDisk = false;
  #isConfirming = false;
  /** Writes that wait for room, with a part of them or all. */
  #waitingForRoom = 0;
  /** Whether something that was written is not on its way to the disk, and its group not closed. */
  #isIncomplete = false;
  #isStopped = false;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /**
   * The promise that all that was written so far is stored, or confirmed.
   * @param entries of the write that asks: they are accepted, however long it waits
   */
  receipt(entries: number, options: WaitOptions = {}): Promise<void> {
    // Some before it have found room, and do not know yet.
    if (this.#waitingForRoom > 0) return this.receiptAfter(Promise.resolve(), entries, options);
    this.#parts.handOn.schedule();
    return withDeadline(this.#receipts.current, entries, options);
  }

  /** The same for a write that waits for room first. */
  receiptAfter(
    room: Promise<void> | undefined,
    entries: number,
    options: WaitOptions = {},
  ): Promise<void> {
    if (room === undefined) return this.receipt(entries, options);
    const { timeout, signal } = options;
    const end = performance.now() + (timeout ?? Number.POSITIVE_INFINITY);
    this.#waitingForRoom++;
    const join = (resolve: () => void, reject: (error: unknown) => void) => {
      this.#waitingForRoom--;
      this.#parts.handOn.schedule();
      this.#receipts.join({ resolve, reject });
    };
    return new Promise((resolve, reject) => {
      const hasRoom = () => {
        const left = timeout && Math.max(1, end - performance.now());
        if (left === undefined && signal === undefined) return join(resolve, reject);
        const receipt = new Promise<void>(join);
        return withDeadline(receipt, entries, { timeout: left, signal }).then(resolve, reject);
      };
      room.then(hasRoom, (error) => {
        this.#waitingForRoom--;
        reject(error);
      });
    });
  }

  /** Hands on all that was written so far, unless the disk is slower than that. */
  endTurn(): void {
    const { blocksUnderWay, isWorking } = this.#store;
    this.#waitsForDisk = isWorking && blocksUnderWay >= MAX_UNDER_WAY;
    if (this.#waitsForDisk) this.look();
    else this.now();
  }

  /** Hands on all that was written so far. */
  now(): void {
    const { placer, spill, journal } = this.#parts;
    placer.commit();
    spill.flush();
    const isAllCopied = journal?.flush() ?? true;
    if (!isAllCopied) this.#isIncomplete = true;
    this.#receipts.close(this.#isIncomplete ? undefined : this.#store.lastKey);
    // What was not copied may be the beginning of a write that waits for room with its rest.
    if (this.#waitingForRoom === 0) this.#isIncomplete = false;
    this.look();
  }

  /** All blocks up to one are stored. */
  stored(key: number): void {
    this.#receipts.stored(key);
    if (this.#waitsForDisk) this.#parts.handOn.schedule();
  }

  /** The disk may take nothing, or again. */
  look(): void {
    if (this.#isStopped) return;
    const { trouble, isFull } = this.#store;
    if (this.#waitsForDisk && trouble !== undefined) {
      this.#waitsForDisk = false;
      this.now();
      return;
    }
    const isStuck = trouble !== undefined || isFull;
    if (this.#waitsForDisk && isStuck) this.#receipts.closeGathered();
    const isNeeded = this.#receipts.isAnyUncopied || isStuck;
    if (isNeeded && this.#receipts.isAnyWaiting && !this.#isConfirming) void this.#confirm();
  }

  /** Nobody is told any more that something is confirmed: rings are emptied. */
  stop(): void {
    this.#isStopped = true;
  }

  /** There will be no other word. */
  settle(error: Error | undefined): void {
    this.#receipts.settle(error);
  }

  /** What was written is not on its way to the disk: its writers are told when it is confirmed. */
  async #confirm(): Promise<void> {
    this.#isConfirming = true;
    const confirmed = this.#receipts.confirmed();
    try {
      await this.#parts.host.barrier();
      confirmed();
    } catch {
      // Not now: it is tried again with the next change.
      return;
    } finally {
      this.#isConfirming = false;
    }
    this.look();
  }
}
