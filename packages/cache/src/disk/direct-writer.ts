import * as fs from 'node:fs';

/** Errors of a file system that has no direct writes, or wants other addresses. */
const REFUSALS: readonly unknown[] = ['EINVAL', 'EOPNOTSUPP', 'ENOTSUP'];

/**
 * Writes to a file past the cache of the operating system (`O_DIRECT`): the disk reads the memory itself,
 * so that nothing copies the bytes, and no page of the cache is needed for them. Only Linux has it, and not
 * with every file system.
 */
export class DirectWriter {
  readonly #fd: number;
  #directFd: number | undefined;
  #isPossible = fs.constants.O_DIRECT !== undefined;

  /** @param fd the open file, which is not closed by this */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Whether no write was refused yet. */
  get isPossible(): boolean {
    return this.#isPossible;
  }

  /**
   * Writes bytes whose address, offset and length are multiples of `ALIGNMENT`. Throws the error of the
   * system.
   * @returns how many bytes were written; `undefined`: none, and direct writes are not possible here
   */
  write(bytes: Uint8Array, at: number): number | undefined {
    try {
      this.#directFd ??= openDirectly(this.#fd);
      return fs.writeSync(this.#directFd, bytes, 0, bytes.length, at);
    } catch (error) {
      const isOpen = this.#directFd !== undefined;
      if (isOpen && !REFUSALS.includes((error as NodeJS.ErrnoException).code)) throw error;
      this.close();
      return undefined;
    }
  }

  /** Ends direct writes. */
  close(): void {
    const fd = this.#directFd;
    this.#isPossible = false;
    this.#directFd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Opens a file once more. It is found by its descriptor: its path may lead to another one by now. */
function openDirectly(fd: number): number {
  return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_DIRECT);
}
