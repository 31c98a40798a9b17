import { isAbsolute, sep } from 'node:path';

/**
 * Makes a path absolute, so that a later change of the working directory does not matter. The path is not
 * normalised, because `path.resolve` treats `..` after a symbolic link differently from the system.
 */
export function fromHere(path: string): string {
  return isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
}
