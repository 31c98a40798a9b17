import { statSync } from 'node:fs';
import { glob, isDynamicPattern } from 'tinyglobby';
import { CommandError, UsageError } from '../errors.js';

/** Standard input, as an input. */
export const STANDARD_INPUT = '-';

/**
 * The files that the inputs of a command line stand for, in their order, each once. Without any, it is
 * standard input.
 * @throws {UsageError} standard input is named twice
 * @throws {CommandError} a file is missing, is no regular file, or no file matches a pattern
 */
export async function findInputs(inputs: readonly string[]): Promise<readonly string[]> {
  if (inputs.length === 0) return [STANDARD_INPUT];
  if (inputs.filter((input) => input === STANDARD_INPUT).length > 1) {
    throw new UsageError('standard input can be read once only: give one -');
  }
  const found: string[] = [];
  for (const input of inputs) found.push(...(await filesOf(input)));
  return [...new Set(found)];
}

async function filesOf(input: string): Promise<readonly string[]> {
  if (input === STANDARD_INPUT) return [input];
  // A file may have a name that looks like a pattern.
  const stats = statSync(input, { throwIfNoEntry: false });
  if (stats?.isFile()) return [input];
  if (stats?.isDirectory()) {
    throw new CommandError(`${input} is a folder: give its files, such as '${input}/*.log'`);
  }
  if (stats !== undefined) {
    throw new CommandError(`${input} is no regular file: give it as standard input, < ${input}`);
  }
  if (!isDynamicPattern(input)) throw new CommandError(`${input}: there is no such file`);
  const files = await matches(input);
  if (files.length > 0) return files;
  throw new CommandError(`no file matches ${input}`);
}

/** The files that match a pattern now, in the order of their names. */
export async function matches(pattern: string): Promise<readonly string[]> {
  return (await glob(pattern, { expandDirectories: false, dot: true })).sort();
}
