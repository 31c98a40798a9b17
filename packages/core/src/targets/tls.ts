import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RingestError } from '@ringest/codec';
import type { TlsTrust } from '@ringest/workers';

/** How `tls://` targets are trusted. A certificate or key is PEM text, or the path of a file with it. */
export interface TlsInput {
  /**
   * Certificates of the authorities, or of indexers that signed their own, that are trusted. Default:
   * the authorities that Node.js trusts.
   */
  readonly ca?: string | readonly string[] | undefined;
  /** The certificate that an indexer may ask for, with those between it and its authority behind it. */
  readonly cert?: string | undefined;
  /** The certificate's private key, not encrypted. */
  readonly key?: string | undefined;
  /** The host that the indexer's certificate must be for. Default: the one of the address. */
  readonly servername?: string | undefined;
  /**
   * Take whoever answers for the indexer. Anybody on the way can read and change entries then; the log
   * warns of it. Default: false.
   */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** A certificate or key that cannot be used. It never shows a key. */
export class InvalidTlsError extends RingestError {
  readonly code = 'ERR_INVALID_TLS';
  /** Which one: `ca`, `cert` or `key`. */
  readonly field: keyof TlsInput;

  constructor(field: keyof TlsInput, problem: string, options?: ErrorOptions) {
    super(`tls.${field}: ${problem}`, options);
    this.field = field;
  }
}

/**
 * Reads what a lane needs for TLS, once.
 * @throws {InvalidTlsError}
 */
export function readTls(input: TlsInput): TlsTrust {
  const { ca, cert, key, servername, insecureSkipVerify = false } = input;
  const authorities = ca === undefined ? undefined : typeof ca === 'string' ? [ca] : ca;
  return {
    ca: authorities?.map((text) => readCertificate('ca', text)),
    servername,
    client: cert === undefined && key === undefined ? undefined : readClient(cert, key),
    insecureSkipVerify,
  };
}

function readClient(cert: string | undefined, key: string | undefined) {
  if (cert === undefined) throw new InvalidTlsError('cert', 'a key needs its certificate');
  if (key === undefined) throw new InvalidTlsError('key', 'a certificate needs its key');
  const client = { cert: readCertificate('cert', cert), key: readPem('key', key) };
  if (!new X509Certificate(client.cert).checkPrivateKey(parseKey(client.key))) {
    throw new InvalidTlsError('key', 'it is not the key of the certificate in tls.cert');
  }
  return client;
}

function readCertificate(field: 'ca' | 'cert', input: string): string {
  const pem = readPem(field, input);
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new InvalidTlsError(field, 'it is no certificate in PEM', { cause });
  }
  return pem;
}

function parseKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // What OpenSSL says of a key stays here.
    throw new InvalidTlsError('key', `it is no private key in PEM without a password (${code})`);
  }
}

function readPem(field: 'ca' | 'cert' | 'key', input: string): string {
  if (input.includes('-----BEGIN ')) return input;
  try {
    return readFileSync(input, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A text that was meant to be PEM is not repeated: it may be a key.
    const problem = `give PEM text, or the path of a file that can be read (${code})`;
    throw new InvalidTlsError(field, problem);
  }
}
