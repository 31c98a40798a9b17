import { readFileSync } from 'node:fs';
import { RingestError, secretOfFile } from '@ringest/codec';

/**
 * An ingest secret: the text itself, the file that holds it, or the environment variable that holds it.
 * Line ends at the end of a file are not part of the secret.
 */
export type SecretInput = string | { readonly file: string } | { readonly env: string };

/** A secret that is empty or cannot be read. The error never contains a secret. */
export class InvalidSecretError extends RingestError {
  readonly code = 'ERR_INVALID_SECRET';
}

/**
 * Reads a secret.
 * @throws {InvalidSecretError} the secret is empty, its file cannot be read, or its variable is not set
 */
export function readSecret(input: SecretInput): string {
  if (typeof input === 'string')
    return checkSecret(input, 'give the ingest secret of the indexers');
  if ('file' in input) {
    return checkSecret(readFile(input.file), `the file ${input.file} is empty`);
  }
  return checkSecret(
    process.env[input.env],
    `the environment variable ${input.env} is not set, or empty`,
  );
}

function checkSecret(secret: string | undefined, problem: string): string {
  if (secret === undefined || secret === '') throw new InvalidSecretError(problem);
  return secret;
}

function readFile(path: string): string {
  try {
    return secretOfFile(readFileSync(path, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InvalidSecretError(`the file ${path} cannot be read (${code})`, { cause });
  }
}
