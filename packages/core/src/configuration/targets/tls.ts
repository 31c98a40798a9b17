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

/** A certificate, key or choice that cannot be used. It never shows a key. */
export class InvalidTlsError extends RingestError {
  readonly code = 'ERR_INVALID_TLS';
  /** Of which field. */
  readonly field: keyof TlsInput;

  constructor(field: keyof TlsInput, problem: string, options?: ErrorOptions) {
    super(problem, options);
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
    ca: authorities?.map((text) => readCertificates('ca', text)),
    servername,
    client: cert === undefined && key === undefined ? undefined : readClient(cert, key),
    insecureSkipVerify,
  };
}

function readClient(cert: string | undefined, key: string | undefined) {
  if (cert === undefined) throw new InvalidTlsError('cert', 'a key needs its certificate');
  if (key === undefined) throw new InvalidTlsError('key', 'a certificate needs its key');
  const client = { cert: readCertificates('cert', cert), key: readPem('key', key) };
  if (!new X509Certificate(client.cert).checkPrivateKey(parseKey(client.key))) {
    throw new InvalidTlsError('key', 'it is not the key of the certificate in tls.cert');
  }
  return client;
}

/** One certificate or several. All are looked at: of those behind a broken one, none would count. */
function readCertificates(field: 'ca' | 'cert', input: string): string {
  const pem = readPem(field, input);
  const [, ...blocks] = pem.split('-----BEGIN ');
  try {
    for (const block of blocks) new X509Certificate(`-----BEGIN ${block}`);
  } catch (cause) {
    const which = blocks.length === 1 ? 'it is' : `one of its ${blocks.length} parts is`;
    throw new InvalidTlsError(field, `${which} no certificate in PEM`, { cause });
  }
  if (blocks.length === 0) throw new InvalidTlsError(field, 'there is no certificate in it');
  return pem;
}

function parseKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // What OpenSSL says of a key stays here.
    const isEncrypted = pem.includes('ENCRYPTED');
    throw new InvalidTlsError(
      'key',
      isEncrypted ? 'it is encrypted: decrypt it' : `it is no private key in PEM (${code})`,
    );
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
