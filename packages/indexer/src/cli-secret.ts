import { readFileSync } from 'node:fs';
import { SecretError } from './errors.js';

/** Where the ingest secret may come from, besides the environment. */
export interface SecretFlags {
  readonly ingestSecret?: string | undefined;
  readonly ingestSecretFile?: string | undefined;
}

const SECRET_VARIABLE = 'GRAVWELL_INGEST_SECRET';
const FILE_VARIABLE = 'GRAVWELL_INGEST_SECRET_FILE';

/**
 * The ingest secret: of the first that there is of `--ingest-secret`, `--ingest-secret-file`, and the
 * environment variables `GRAVWELL_INGEST_SECRET` and `GRAVWELL_INGEST_SECRET_FILE`. A newline at the end
 * of it is no part of it. A variable that is empty is none.
 *
 * @throws {SecretError} if there is none, if it is empty, or if its file cannot be read.
 */
export function findSecret(flags: SecretFlags, environment: NodeJS.ProcessEnv): string {
  const { ingestSecret, ingestSecretFile } = flags;
  if (ingestSecret !== undefined) return check('--ingest-secret', ingestSecret);
  if (ingestSecretFile !== undefined) return read('--ingest-secret-file', ingestSecretFile);
  const { [SECRET_VARIABLE]: secret, [FILE_VARIABLE]: file } = environment;
  if (secret) return check(SECRET_VARIABLE, secret);
  if (file) return read(FILE_VARIABLE, file);
  throw new SecretError(
    `there is no ingest secret: give --ingest-secret-file or --ingest-secret, or set ${SECRET_VARIABLE} or ${FILE_VARIABLE}`,
  );
}

function read(origin: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new SecretError(`the file of ${origin} cannot be read: ${message}`, { cause });
  }
  return check(origin, text);
}

function check(origin: string, text: string): string {
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') throw new SecretError(`the ingest secret of ${origin} is empty`);
  return secret;
}
