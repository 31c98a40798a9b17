import type { Anchor } from './anchor.js';
import type { Opened, Tail } from './tail.js';

/** A file that is a copy of a followed one, or is becoming one. */
interface Copy {
  readonly original: Tail;
  readonly size: number;
  /** When its size had changed last. */
  readonly changedMs: number;
}

/**
 * Tells copies of followed files from new files. Who truncates a log makes a copy before: `app.log.1` of
 * `app.log`. It is not read while its original is: when that is truncated, reading goes on in the copy.
 */
export class Copies {
  readonly #quietMs: number;
  readonly #copies = new Map<string, Copy>();

  /** @param quietMs a copy that grows after so long without a change is no copy any more */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /**
   * Says what becomes of a file that is not read.
   * @param beside the followed files whose names are the beginning of its name
   * @param isFollowed whether one of them is still read
   * @param start where a new file is read from
   * @returns where it is to be read from; `undefined`: not now
   */
  async placeToBegin(
    key: string,
    opened: Opened,
    beside: readonly Tail[],
    isFollowed: (tail: Tail) => boolean,
    start: Anchor,
  ): Promise<Anchor | undefined> {
    const known = this.#copies.get(key);
    this.#copies.delete(key);
    const { size } = opened;
    const now = performance.now();
    const hasChanged = known?.size !== size;
    const changedMs = hasChanged ? now : known.changedMs;
    const growsAlone = known !== undefined && hasChanged && now - known.changedMs >= this.#quietMs;
    const isStill = now - changedMs >= this.#quietMs;
    for (const original of known === undefined ? beside : [known.original]) {
      const { written } = original;
      const isShorter = size < written.offset;
      const isCopy = !isShorter && written.isTelling && (await written.isIn(opened.file));
      if (isCopy && (growsAlone || !isFollowed(original))) return written;
      const mayGrow = isShorter && !isStill && isFollowed(original);
      if (!isCopy && !(mayGrow && (await original.beginsAs(opened)))) continue;
      this.#copies.set(key, { original, size, changedMs });
      return undefined;
    }
    return start;
  }

  /** Forgets files that are not there any more. */
  keep(isThere: (key: string) => boolean): void {
    for (const key of this.#copies.keys()) {
      if (!isThere(key)) this.#copies.delete(key);
    }
  }
}
