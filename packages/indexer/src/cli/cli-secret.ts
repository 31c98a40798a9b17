import { readFileSync } from 'node:fs';
import { secretOfFile } from '@ringest/codec';
import { SecretError } from '../errors.js';

/** The flags of the ingest secret. A command must not accept both at the same time. */
export interface SecretFlags {
  /** The value of `--ingest-secret`. */
  readonly ingestSecret?: string | undefined;
  /** The value of `--ingest-secret-file`. */
  readonly ingestSecretFile?: string | undefined;
}

/** The environment variable that holds the ingest secret. */
export const SECRET_VARIABLE = 'GRAVWELL_INGEST_SECRET';
/** The environment variable that holds the path of a file with the ingest secret. */
export const SECRET_FILE_VARIABLE = 'GRAVWELL_INGEST_SECRET_FILE';

/**
 * Finds the ingest secret. It tries `--ingest-secret`, `--ingest-secret-file`, and the environment
 * variables {@link SECRET_VARIABLE} and {@link SECRET_FILE_VARIABLE}, in this order. An empty variable
 * counts as not set. Line ends at the end of a file are not part of the secret.
 *
 * @param flag the name of the flag, where it is another one, for errors.
 * @returns `undefined` if there is none.
 * @throws {SecretError} if the secret is empty, or its file cannot be read.
 */
export function findSecret(
  flags: SecretFlags,
  environment: NodeJS.ProcessEnv,
  flag = '--ingest-secret',
): string | undefined {
  const { ingestSecret, ingestSecretFile } = flags;
  if (ingestSecret === '') throw new SecretError(`${flag}: the secret is empty`);
  if (ingestSecret !== undefined) return ingestSecret;
  if (ingestSecretFile !== undefined) return read(`${flag}-file`, ingestSecretFile);
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
