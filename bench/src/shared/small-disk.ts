import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of a few mebibytes, in memory, that can be made full. Only root may make one. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;
  // It may be gone already, with the folder that it is in.
  readonly #unmount = () => void spawnSync('umount', ['--lazy', this.path]);

  private constructor(path: string) {
    this.path = path;
    this.#filler = join(path, 'filler');
    process.on('exit', this.#unmount);
  }

  /** @returns `undefined`: this user, or this system, may not mount anything */
  static mount(path: string, bytes: number): SmallDisk | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    mkdirSync(path, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'ringest-disk', path];
    return spawnSync('mount', options).status === 0 ? new SmallDisk(path) : undefined;
  }

  /** Bytes that can still be written. */
  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes all the room that there is. */
  fill(): void {
    try {
      writeFileSync(this.#filler, Buffer.alloc(this.freeBytes));
    } catch (error) {
      // Somebody else took the last of it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  /**
   * Makes it so large.
   * @throws {Error} that is not possible
   */
  enlarge(bytes: number): void {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,size=${bytes}`, this.path]);
    if (status !== 0) throw new Error(`${this.path} cannot be enlarged: ${stderr}`);
  }

  /** What is on it is gone. */
  remove(): void {
    process.off('exit', this.#unmount);
    this.#unmount();
  }
}
