import { readFileSync } from 'node:fs';
import { RingestError, secretOfFile } from '@ringest/codec';

/**
 * A secret itself, the file that it is in, or the environment variable. Of a file, line ends at the end
 * are no part of it.
 */
export type SecretInput = string | { readonly file: string } | { readonly env: string };

/** A secret that is not where it should be. It never tells what is there instead. */
export class InvalidSecretError extends RingestError {
  readonly code = 'ERR_INVALID_SECRET';
}

/**
 * Reads a secret, once.
 * @throws {InvalidSecretError} it is empty, or its file or variable is not there
 */
export function readSecret(input: SecretInput): string {
  if (typeof input === 'string')
    return checkSecret(input, 'give the ingest secret of the indexers');
  if ('file' in input) {
    return checkSecret(readFile(input.file), `the file ${input.file} is empty`);
  }
  return checkSecret(
    process.env[input.env],
    `the environment has no ${input.env}, or an empty one`,
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
