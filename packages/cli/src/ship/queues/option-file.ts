import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.js';

/**
 * The bytes of a file that a flag names.
 * @throws {UsageError} it cannot be read
 */
export function readOptionFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag} ${path}: it cannot be read: ${(error as Error).message}`);
  }
}

/** The password that a file has in its only line. @throws {UsageError} it cannot be read */
export function readPassword(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return readOptionFile(flag, path)
    .toString()
    .replace(/[\r\n]+$/, '');
}
