import { OncePerTurn } from '../once-per-turn.js';
import type { WaitOptions } from '../pending.js';
import { Receipts, withDeadline } from './receipts.js';
import type { Store } from './store.js';

/** Blocks on their way before those that are not full wait for more. */
const MOST_UNDER_WAY = 4;

/** What a group commit needs of its surroundings. */
export interface GroupCommitSurroundings {
  /**
   * Hands on all that was written so far.
   * @returns whether all of it is on its way to the disk
   */
  handOn(): boolean;
  /** Resolves once everything written before is confirmed. */
  barrier(): Promise<void>;
}

/**
 * Hands on what was written at the end of each event-loop turn, unless the disk is slower than that,
 * and tells those who wrote it when it is stored; or confirmed, while the disk takes nothing.
 */
export class GroupCommit {
  readonly #store: Store;
  readonly #around: GroupCommitSurroundings;
  readonly #receipts = new Receipts();
  readonly #turnEnd = new OncePerTurn(() => this.#endTurn());
  /** What is gathered waits for a block to be stored. */
  #isHeld = false;
  #isConfirming = false;
  /** Writes that wait for room, with a part of them or all. */
  #waitingForRoom = 0;
  /** Whether something that was written is not on its way to the disk, and its group not closed. */
  #isIncomplete = false;
  #isStopped = false;

  constructor(store: Store, around: GroupCommitSurroundings) {
    this.#store = store;
    this.#around = around;
  }

  /**
   * The promise that all that was written so far is stored, or confirmed.
   * @param entries of the write that asks: they are accepted, however long it waits
   */
  receipt(entries: number, options: WaitOptions = {}): Promise<void> {
    // Some before it have found room, and do not know yet.
    if (this.#waitingForRoom > 0) return this.receiptAfter(Promise.resolve(), entries, options);
    this.soon();
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
      this.soon();
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

  /** Something was written. */
  soon(): void {
    this.#turnEnd.schedule();
  }

  /** Hands on all that was written so far. */
  now(): void {
    if (!this.#around.handOn()) this.#isIncomplete = true;
    this.#receipts.close(this.#isIncomplete ? undefined : this.#store.lastKey);
    // What was not copied may be the beginning of a write that waits for room with its rest.
    if (this.#waitingForRoom === 0) this.#isIncomplete = false;
    this.look();
  }

  /** All blocks up to one are stored. */
  stored(key: number): void {
    this.#receipts.stored(key);
    if (this.#isHeld) this.soon();
  }

  /** The disk may take nothing, or again. */
  look(): void {
    if (this.#isStopped) return;
    const { trouble, isFull } = this.#store;
    if (this.#isHeld && trouble !== undefined) {
      this.#isHeld = false;
      this.now();
      return;
    }
    const isStuck = trouble !== undefined || isFull;
    if (this.#isHeld && isStuck) this.#receipts.closeGathered();
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

  #endTurn(): void {
    const { blocksUnderWay, isWorking } = this.#store;
    this.#isHeld = isWorking && blocksUnderWay >= MOST_UNDER_WAY;
    if (this.#isHeld) this.look();
    else this.now();
  }

  /** What was written is not on its way to the disk: its writers are told when it is confirmed. */
  async #confirm(): Promise<void> {
    this.#isConfirming = true;
    const confirmed = this.#receipts.confirmed();
    try {
      await this.#around.barrier();
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
