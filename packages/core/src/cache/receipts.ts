import { WriteAbandonedError } from '../errors.js';
import { Wait, type WaitOptions } from '../wait.js';

/** The key of entries that are gathered, and not in a block yet: above the keys of all blocks. */
const LATER = Number.POSITIVE_INFINITY;

/** The functions that settle a promise. */
interface Settlers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that several writes share. */
interface Shared extends Settlers {
  readonly promise: Promise<void>;
}

/** Receipts that are settled together. */
interface Group {
  /** In the order of the writes. */
  readonly receipts: (Settlers | Shared)[];
  /** The block that must be stored first; `undefined`: some entries are in no block. */
  key: number | undefined;
}

/**
 * The receipts of a journal: promises that resolve in the order of the writes, each when its entries are
 * stored on disk, or confirmed by indexers. Writes of one event-loop turn share a promise.
 */
export class Receipts {
  /** The group that the next write joins. */
  #joining: Group | undefined;
  /** Groups that get no further writes, oldest first. */
  #waiting: Group[] = [];
  #storedKey = 0;

  /** The receipt of what is written now. */
  get current(): Promise<void> {
    this.#joining ??= newGroup();
    const { receipts } = this.#joining;
    const last = receipts.at(-1);
    if (last !== undefined && 'promise' in last) return last.promise;
    const shared = newShared();
    receipts.push(shared);
    return shared.promise;
  }

  /** Adds a promise of the caller: it is settled with what is written now. */
  join(settlers: Settlers): void {
    this.#joining ??= newGroup();
    this.#joining.receipts.push(settlers);
  }

  /** Whether a receipt waits for entries that are in no block. */
  get isAnyUncopied(): boolean {
    return this.#waiting.some(({ key }) => key === undefined);
  }

  /** Whether a receipt of earlier turns waits. */
  get isAnyWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * What was written so far is in blocks.
   * @param key the key of the last block; `undefined`: some entries are in no block
   */
  appended(key: number | undefined): void {
    this.gathered();
    for (const group of this.#waiting) if (group.key === LATER) group.key = key;
    this.stored(this.#storedKey);
  }

  /** What was written so far is gathered. A later call of `appended` has the key of its block. */
  gathered(): void {
    if (this.#joining === undefined) return;
    this.#joining.key = LATER;
    this.#waiting.push(this.#joining);
    this.#joining = undefined;
  }

  /** All blocks up to this key are stored. */
  stored(key: number): void {
    this.#storedKey = key;
    const due = this.#waiting.findIndex((group) => group.key === undefined || group.key > key);
    const stored = this.#waiting.splice(0, due === -1 ? this.#waiting.length : due);
    for (const group of stored) resolveAll(group);
  }

  /** @returns a function to call once indexers have confirmed all that was written before now */
  confirmed(): () => void {
    const groups = new Set(this.#waiting);
    return () => {
      for (const group of groups) resolveAll(group);
      this.#waiting = this.#waiting.filter((group) => !groups.has(group));
      this.stored(this.#storedKey);
    };
  }

  /**
   * Settles all receipts, because the cache is closed.
   * @param error `undefined`: they resolve
   */
  settle(error: unknown): void {
    const groups = this.#joining === undefined ? this.#waiting : [...this.#waiting, this.#joining];
    for (const group of groups) {
      if (error === undefined) resolveAll(group);
      else for (const { reject } of group.receipts) reject(error);
    }
    this.#waiting = [];
    this.#joining = undefined;
  }
}

function newGroup(): Group {
  return { receipts: [], key: undefined };
}

function newShared(): Shared {
  let resolve = () => {};
  let reject: Shared['reject'] = () => {};
  const promise = new Promise<void>((...settlers) => {
    [resolve, reject] = settlers;
  });
  // A caller may ignore the promise: a rejection without a handler must not end the process.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function resolveAll({ receipts }: Group): void {
  for (const { resolve } of receipts) resolve();
}

/**
 * Waits for a receipt, with a timeout and a signal.
 * @param entries how many entries the write has, for the error
 * @returns a promise that rejects with a `WriteAbandonedError` when the wait is over
 */
export function withDeadline(
  receipt: Promise<void>,
  entries: number,
  options: WaitOptions,
): Promise<void> {
  if (options.timeout === undefined && options.signal === undefined) return receipt;
  const pending = new Wait('the receipt of entries', options, (error) =>
    pending.reject(new WriteAbandonedError(entries, 0, error)),
  );
  receipt.then(
    () => pending.resolve(),
    (error) => pending.reject(error),
  );
  return pending.promise;
}
