import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of a few mebibytes, in memory, that can be made full. It goes with the folder of the run. */
export class SmallDisk {
  readonly #path: string;
  readonly #filler: string;

  private constructor(path: string) {
    this.#path = path;
    this.#filler = join(path, 'filler');
  }

  /** @returns `undefined`: this user, or this system, may not mount anything; only root may */
  static mount(path: string, bytes: number): SmallDisk | undefined {
    mkdirSync(path, { recursive: true });
    try {
      const options = ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'ringest-soak', path];
      execFileSync('mount', options, { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    return new SmallDisk(path);
  }

  /** Takes all the room that there is. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.#path);
    try {
      writeFileSync(this.#filler, Buffer.alloc(bavail * bsize));
    } catch (error) {
      // Somebody else took the last of it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }
}
