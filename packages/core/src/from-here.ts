import { isAbsolute, sep } from 'node:path';

/**
 * A path as it means now, whatever the working directory is when it is used. What stands in it stays
 * as it is: `..` after a symbolic link means another folder to the system than to `path.resolve`.
 */
export function fromHere(path: string): string {
  return isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
}
