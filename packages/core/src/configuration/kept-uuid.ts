import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { atField, ConfigurationError } from '../errors.js';

/** The UUID of an ingester: the text, the file that it is kept in, or `cache` for a file in the cache's folder. */
export type UuidInput = string | { readonly file: string } | 'cache';

/** The name of the file with the UUID in the folder of a cache. */
const NAME_IN_CACHE = 'uuid';

/** Checks the option `uuid`. */
export const uuidField = z
  .union([z.guid(), z.literal('cache'), z.strictObject({ file: z.string().min(1) })], {
    error: "give a UUID, { file } with the path of a file, or 'cache'",
  })
  .optional();

/**
 * Returns the UUID that an option stands for. A file that is missing is made, with a random UUID; of
 * several processes that make it at once, all get the same one.
 *
 * @param cachePath the folder of the cache, if there is one
 * @throws {ConfigurationError} the file cannot be read or made, or has no UUID; or there is no cache
 */
export function uuidOf(input: UuidInput | undefined, cachePath: string | undefined): string {
  if (input === undefined) return randomUUID();
  if (typeof input !== 'string') return keptIn(input.file);
  if (input !== 'cache') return input;
  if (cachePath === undefined) {
    throw new ConfigurationError(
      'uuid',
      "'cache' needs the option cache: add it, or give { file }",
    );
  }
  atField('uuid', () => mkdirSync(cachePath, { recursive: true }));
  return keptIn(join(cachePath, NAME_IN_CACHE));
}

function keptIn(path: string): string {
  const text = atField('uuid', () => read(path) ?? make(path) ?? '');
  if (z.guid().safeParse(text).success) return text;
  throw new ConfigurationError(
    'uuid',
    `the file ${path} has no UUID: write one into it, or remove the file`,
  );
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes the file as a whole: nobody sees a part of it, and the first one to make it wins. */
function make(path: string): string | undefined {
  const uuid = randomUUID();
  const temporary = `${path}.${uuid}.new`;
  try {
    writeFileSync(temporary, `${uuid}\n`, { flag: 'wx', flush: true });
    linkSync(temporary, path);
    return uuid;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return read(path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
