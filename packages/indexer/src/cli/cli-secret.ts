import { readFileSync } from 'node:fs';
import { secretOfFile } from '@ringest/codec';
import { SecretError } from '../errors.js';

/** Flags that say what the ingest secret is. Whoever offers both refuses them together. */
export interface SecretFlags {
  /** Of `--ingest-secret`. */
  readonly ingestSecret?: string | undefined;
  /** Of `--ingest-secret-file`. */
  readonly ingestSecretFile?: string | undefined;
}

/** The environment variable that holds the ingest secret. */
export const SECRET_VARIABLE = 'GRAVWELL_INGEST_SECRET';
/** The environment variable that names a file with it. */
export const SECRET_FILE_VARIABLE = 'GRAVWELL_INGEST_SECRET_FILE';

/**
 * The ingest secret: of the first that there is of `--ingest-secret`, `--ingest-secret-file`, and the
 * environment variables {@link SECRET_VARIABLE} and {@link SECRET_FILE_VARIABLE}. A variable that is
 * empty is none. A flag and a variable are taken as they are; of a file, line ends at the end are no
 * part of the secret.
 *
 * @returns `undefined` if there is none.
 * @throws {SecretError} if it is empty, or if its file cannot be read.
 */
export function findSecret(flags: SecretFlags, environment: NodeJS.ProcessEnv): string | undefined {
  const { ingestSecret, ingestSecretFile } = flags;
  if (ingestSecret === '') throw new SecretError('--ingest-secret: the secret is empty');
  if (ingestSecret !== undefined) return ingestSecret;
  if (ingestSecretFile !== undefined) return read('--ingest-secret-file', ingestSecretFile);
  const { [SECRET_VARIABLE]: secret, [SECRET_FILE_VARIABLE]: file } = environment;
  if (secret) return secret;
  return file ? read(SECRET_FILE_VARIABLE, file) : undefined;
}

function read(origin: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SecretError(`${origin}: the file ${path} cannot be read (${code})`, { cause });
  }
  const secret = secretOfFile(text);
  if (secret === '') throw new SecretError(`${origin}: the file ${path} is empty`);
  return secret;
}
