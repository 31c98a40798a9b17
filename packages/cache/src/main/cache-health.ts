import type { RingestError } from '@ringest/codec';

/**
 * Why a cache stores nothing for now: the disk fails, or one thread after the other dies. A single
 * death is no trouble, since the next thread comes soon.
 */
export class CacheHealth {
  readonly #onChange: (trouble: RingestError | undefined) => void;
  #disk: RingestError | undefined;
  #thread: RingestError | undefined;
  /** How many threads died since the last one that worked. */
  #deaths = 0;
  /** The key of the last block that was not stored when the current thread opened the cache. */
  #lastWaitingKey = 0;

  /** @param onChange called when trouble begins, and with `undefined` when it ends */
  constructor(onChange: (trouble: RingestError | undefined) => void) {
    this.#onChange = onChange;
  }

  /** `undefined`: the cache works. */
  get trouble(): RingestError | undefined {
    return this.#disk ?? this.#thread;
  }

  /** The disk fails; `undefined`: it works again. */
  setDisk(error: RingestError | undefined): void {
    const before = this.trouble;
    this.#disk = error;
    this.#report(before);
  }

  /** A thread died, and another one will come. */
  died(error: RingestError): void {
    this.#deaths++;
    if (this.#deaths > 1) this.#setThread(error);
  }

  /** Whether several threads died in a row: only a stored block proves that the next one works. */
  get isDoubtful(): boolean {
    return this.#deaths > 1;
  }

  /**
   * A thread has opened the cache.
   * @param lastWaitingKey the key of the last block that it has to store, if there is one
   */
  opened(lastWaitingKey: number | undefined): void {
    this.#lastWaitingKey = lastWaitingKey ?? 0;
  }

  /**
   * Blocks may be stored. A thread works when all blocks are stored that waited when it opened the cache.
   * That they are appended proves nothing: a thread that dies before each sync has appended them too.
   * @param firstUnstoredKey the key of the oldest block that is not stored, if there is one
   * @returns whether threads work again after deaths
   */
  stored(firstUnstoredKey: number | undefined): boolean {
    const waits = firstUnstoredKey !== undefined && firstUnstoredKey <= this.#lastWaitingKey;
    return !waits && this.works();
  }

  /**
   * A thread works, or has no more room to store blocks.
   * @returns whether threads work again after deaths
   */
  works(): boolean {
    if (this.#deaths === 0) return false;
    this.#deaths = 0;
    this.#setThread(undefined);
    return true;
  }

  #setThread(error: RingestError | undefined): void {
    const before = this.trouble;
    this.#thread = error;
    this.#report(before);
  }

  #report(before: RingestError | undefined): void {
    const { trouble } = this;
    if ((before === undefined) !== (trouble === undefined)) this.#onChange(trouble);
  }
}
