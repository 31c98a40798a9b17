import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { UsageError } from '../../errors.js';
import type { ListenOptions } from './listen-options.js';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What listeners have from files. */
export interface Credentials {
  /** What listeners of `tls://` show. */
  readonly certificate: Certificate | undefined;
  /** What requests must have; `undefined`: they need nothing. */
  readonly token: string | undefined;
}

/**
 * Reads what listeners have from files.
 * @throws {UsageError} a file cannot be used
 */
export function readCredentials({ certificate, tokenFile }: ListenOptions): Credentials {
  return {
    certificate: certificate && readCertificate(certificate.cert, certificate.key),
    token: tokenFile === undefined ? undefined : readToken(tokenFile),
  };
}

function readCertificate(certPath: string, keyPath: string): Certificate {
  const pem = { cert: read('certificate', certPath), key: read('key', keyPath) };
  try {
    createSecureContext(pem);
    return pem;
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${certPath} and ${keyPath} are no certificate and its key: ${message}`);
  }
}

function readToken(path: string): string {
  const token = read('token', path).toString().trim();
  if (/^\S+$/.test(token)) return token;
  throw new UsageError(`the token file ${path} must have one token, which has no spaces`);
}

function read(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`the ${what} file ${path} cannot be read: ${(error as Error).message}`);
  }
}
