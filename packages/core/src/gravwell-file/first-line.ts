import { readFileSync } from 'node:fs';
import { ConfigFileError, type ConfigFilePlace } from './error.js';

/**
 * Reads the first line of a file, without its end.
 *
 * @param place what names the file: the key or variable that holds the path
 * @throws {ConfigFileError} if the file cannot be read, or its first line is empty
 */
export function readFirstLine(path: string, place: ConfigFilePlace): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    // Its message would show the path, which may be a secret that was put in the wrong place.
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ConfigFileError(`the file cannot be read: ${reason}`, place);
  }
  const [line = ''] = content.split(/\r?\n/, 1);
  if (line === '') throw new ConfigFileError('the first line of the file is empty', place);
  return line;
}
