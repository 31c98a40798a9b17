import { WriteAbandonedError } from '../errors.js';
import { Wait, type WaitOptions } from '../wait.js';

/** The key of what is gathered, and in a block later: above all others. */
const LATER = Number.POSITIVE_INFINITY;

/** What settles a promise. */
interface Settlers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that writes share. */
interface Shared extends Settlers {
  readonly promise: Promise<void>;
}

/** Writes that are told together what became of them. */
interface Group {
  /** In the order of the writes. */
  readonly receipts: (Settlers | Shared)[];
  /** The block with which all of it is stored; `undefined`: not all of it is on its way to the disk. */
  key: number | undefined;
}

/**
 * The receipts of a journal: entries that were written in one event-loop turn share a promise. They
 * resolve in the order of the writes: each once its entries are stored, or confirmed.
 */
export class Receipts {
  #open: Group | undefined;
  #closed: Group[] = [];
  #storedKey = 0;

  /** Of what is written now. */
  get current(): Promise<void> {
    this.#open ??= newGroup();
    const { receipts } = this.#open;
    const last = receipts.at(-1);
    if (last !== undefined && 'promise' in last) return last.promise;
    const shared = newShared();
    receipts.push(shared);
    return shared.promise;
  }

  /** Settles a promise of its own with what is written now, before all that is written later. */
  join(settlers: Settlers): void {
    this.#open ??= newGroup();
    this.#open.receipts.push(settlers);
  }

  /** Whether somebody waits for what is not on its way to the disk. */
  get isAnyUncopied(): boolean {
    return this.#closed.some(({ key }) => key === undefined);
  }

  /** Whether anybody waits for what was written before now. */
  get isAnyWaiting(): boolean {
    return this.#closed.length > 0;
  }

  /**
   * What was written so far is in blocks.
   * @param key of the last one; `undefined`: some of it is in none
   */
  close(key: number | undefined): void {
    this.closeGathered();
    for (const group of this.#closed) if (group.key === LATER) group.key = key;
    this.stored(this.#storedKey);
  }

  /** What was written so far is gathered, and in a block later: `close` tells in which. */
  closeGathered(): void {
    if (this.#open === undefined) return;
    this.#open.key = LATER;
    this.#closed.push(this.#open);
    this.#open = undefined;
  }

  /** All blocks up to one are stored. */
  stored(key: number): void {
    this.#storedKey = key;
    const due = this.#closed.findIndex((group) => group.key === undefined || group.key > key);
    const stored = this.#closed.splice(0, due === -1 ? this.#closed.length : due);
    for (const group of stored) resolveAll(group);
  }

  /** @returns what to call once all that was written before now is confirmed */
  confirmed(): () => void {
    const groups = new Set(this.#closed);
    return () => {
      for (const group of groups) resolveAll(group);
      this.#closed = this.#closed.filter((group) => !groups.has(group));
      this.stored(this.#storedKey);
    };
  }

  /** There will be no other word. */
  settle(error: unknown): void {
    const groups = this.#open === undefined ? this.#closed : [...this.#closed, this.#open];
    for (const group of groups) {
      if (error === undefined) resolveAll(group);
      else for (const { reject } of group.receipts) reject(error);
    }
    this.#closed = [];
    this.#open = undefined;
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
  // Who does not look at it, does not want to know.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function resolveAll({ receipts }: Group): void {
  for (const { resolve } of receipts) resolve();
}

/**
 * Waits for a receipt no longer than somebody wants to.
 * @param entries how many he has written
 * @returns a promise that may reject with a `WriteAbandonedError`
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
