import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { InvalidOptionError } from '../errors.js';

/** The TLS options of an indexer. Each is PEM text, or the path of a PEM file. */
export interface IndexerTls {
  /** The indexer's certificate, followed by its intermediate certificates. */
  readonly cert: string;
  /** The private key of the certificate, unencrypted. */
  readonly key: string;
  /**
   * Authorities, one of which must have signed each ingester's certificate. Default: no certificate
   * is required.
   */
  readonly ca?: string | undefined;
}

const PEM_MARK = '-----BEGIN';
/** PKCS #8 has it in its first line, older formats have it in a header. */
const ENCRYPTED = /^-----BEGIN ENCRYPTED |^Proc-Type:.*ENCRYPTED/m;

/**
 * Reads the certificate, the key and the authorities of an indexer, and checks that they can be used
 * together. Returns their PEM texts.
 *
 * @throws {InvalidOptionError} if one cannot be read or used. The error shows no PEM text, because it could
 * be a key.
 */
export function readTls(tls: IndexerTls): IndexerTls {
  const cert = read('tls.cert', tls.cert);
  const key = read('tls.key', tls.key);
  const ca = tls.ca === undefined ? undefined : read('tls.ca', tls.ca);
  if (ENCRYPTED.test(key)) throw invalid('tls.key', tls.key, 'the key is encrypted: decrypt it');
  const certificate = use('tls.cert', tls.cert, 'a certificate', () => new X509Certificate(cert));
  const privateKey = use('tls.key', tls.key, 'a private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw invalid('tls.key', tls.key, 'it is not the key of the certificate');
  }
  if (tls.ca !== undefined && ca !== undefined) {
    use('tls.ca', tls.ca, 'a certificate', () => new X509Certificate(ca));
  }
  use('tls.cert', tls.cert, 'a certificate that TLS can use', () =>
    createSecureContext({ cert, key, ca }),
  );
  return { cert, key, ca };
}

function read(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw invalid(option, value, 'give PEM text or the path of a file');
  }
  if (value.includes(PEM_MARK)) return value;
  try {
    return readFileSync(value, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The message of the cause has the path too.
    const options = isShowable(value) ? { cause } : {};
    throw invalid(option, value, `the file cannot be read (${code})`, options);
  }
}

function use<T>(option: string, value: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw invalid(option, value, `it is not ${what} in PEM`, { cause });
  }
}

function invalid(option: string, value: unknown, problem: string, options?: ErrorOptions) {
  return new InvalidOptionError(
    option,
    isShowable(value) ? value : '(what may be a key)',
    problem,
    options,
  );
}

/**
 * Whether an error may show the value: it is not the text of a key, not even without its first and last
 * line.
 */
function isShowable(value: unknown): boolean {
  if (typeof value !== 'string') return value === undefined;
  return !value.includes('\n') && !value.includes(PEM_MARK) && !/^[a-z0-9+/=\s]{40,}$/i.test(value);
}
