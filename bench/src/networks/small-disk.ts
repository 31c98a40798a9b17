import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Makes a folder a disk of its own that holds so many bytes. It goes with the files of the run. */
export function mountSmallDisk(folder: string, bytes: number): void {
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
}

/** Makes it larger. */
export function enlargeDisk(folder: string, bytes: number): void {
  execFileSync('mount', ['-o', `remount,size=${bytes}`, folder]);
}
