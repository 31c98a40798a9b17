import { statSync } from 'node:fs';
import { resolve } from 'node:path';
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
  const files = new Map<string, string>();
  for (const path of found) {
    // The first name of a file counts, as it was given.
    const file = resolve(path);
    files.set(file, files.get(file) ?? path);
  }
  return [...files.values()];
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

/** The files that match a pattern now, as absolute paths in their order. */
export async function matches(pattern: string): Promise<readonly string[]> {
  return (await glob(pattern, { absolute: true, expandDirectories: false, dot: true })).sort();
}
