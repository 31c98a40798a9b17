import { locate } from './error.js';
import { variablesOf } from './file.js';
import { readFirstLine } from './first-line.js';
import type { GlobalKey } from './global.js';
import type { IniSection } from './ini.js';
import { parseBoolean } from './scalars.js';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment variables that give a value to a key of [Global] that no file gives one to. The value
 * is in the variable, or in the first line of the file that `<variable>_FILE` names. Lists have commas
 * between their values.
 */
export const ENVIRONMENT_VARIABLES = {
  'Ingest-Secret': 'GRAVWELL_INGEST_SECRET',
  'Log-Level': 'GRAVWELL_LOG_LEVEL',
  'Cleartext-Backend-Target': 'GRAVWELL_CLEARTEXT_TARGETS',
  'Encrypted-Backend-Target': 'GRAVWELL_ENCRYPTED_TARGETS',
  'Pipe-Backend-Target': 'GRAVWELL_PIPE_TARGETS',
  'Enable-Compression': 'GRAVWELL_ENABLE_COMPRESSION',
  'Cache-Mode': 'GRAVWELL_CACHE_MODE',
  'Ingest-Cache-Path': 'GRAVWELL_CACHE_PATH',
  'Max-Ingest-Cache': 'GRAVWELL_CACHE_SIZE',
  'Disable-Self-Ingest': 'GRAVWELL_DISABLE_SELF_INGEST',
} as const satisfies Partial<Record<GlobalKey, string>>;

const LISTS: ReadonlySet<string> = new Set([
  'Cleartext-Backend-Target',
  'Encrypted-Backend-Target',
  'Pipe-Backend-Target',
]);
const BOOLEANS: ReadonlySet<string> = new Set(['Enable-Compression', 'Disable-Self-Ingest']);

/**
 * Returns a part of [Global] for each environment variable that is used. A key that a file gives a value
 * to keeps it; `Ingest-Secret-File` counts as such for `Ingest-Secret`.
 *
 * @throws {ConfigFileError} if a value cannot be used, or the file of a `_FILE` variable cannot be read
 */
export function environmentSections(
  file: readonly IniSection[],
  environment: Environment,
): IniSection[] {
  const isGiven = (key: string) =>
    variablesOf(file, key).some(({ variable }) => variable.value !== '');
  return Object.entries(ENVIRONMENT_VARIABLES).flatMap(([key, variable]) => {
    if (isGiven(key) || (key === 'Ingest-Secret' && isGiven('Ingest-Secret-File'))) return [];
    const found = lookUp(environment, variable, key);
    if (found === undefined) return [];
    const part = { name: 'Global', subsection: undefined, position: undefined };
    const values = valuesOf(key, found.value, found.origin);
    const variables = values.map((value) => ({ name: key, value, position: undefined }));
    return [{ ...part, origin: found.origin, variables }];
  });
}

function lookUp(
  environment: Environment,
  variable: string,
  field: string,
): { readonly value: string; readonly origin: string } | undefined {
  const value = environment[variable];
  if (value !== undefined && value !== '') return { value, origin: variable };
  const origin = `${variable}_FILE`;
  const path = environment[origin];
  if (path === undefined || path === '') return undefined;
  return { value: readFirstLine(path, { section: 'Global', field, origin }), origin };
}

function valuesOf(key: string, value: string, origin: string): string[] {
  if (LISTS.has(key)) {
    return value
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  }
  if (!BOOLEANS.has(key)) return [value];
  try {
    return [`${parseBoolean(value, key)}`];
  } catch (error) {
    throw locate(error, { section: 'Global', origin });
  }
}
