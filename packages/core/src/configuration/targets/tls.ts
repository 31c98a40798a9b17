import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RingestError } from '@ringest/codec';
import type { TlsTrust } from '@ringest/workers';

/** The TLS options of targets. Each certificate or key is PEM text, or the path of a PEM file. */
export interface TlsInput {
  /**
   * The certificates that are trusted: of authorities, or self-signed ones of indexers. Default: the
   * authorities that Node.js trusts.
   */
  readonly ca?: string | readonly string[] | undefined;
  /** The client certificate for an indexer that asks for one, followed by its intermediate certificates. */
  readonly cert?: string | undefined;
  /** The private key of the client certificate, unencrypted. */
  readonly key?: string | undefined;
  /** The host name that the indexer's certificate must have. Default: the host of the address. */
  readonly servername?: string | undefined;
  /**
   * Accepts any certificate. An attacker on the network can then read and change entries, so each start
   * logs a warning. Default: `false`.
   */
  readonly insecureSkipVerify?: boolean | undefined;
}

/** A TLS option that cannot be used. The error never contains a key. */
export class InvalidTlsError extends RingestError {
  readonly code = 'ERR_INVALID_TLS';
  /** The field of `tls` that cannot be used. */
  readonly field: keyof TlsInput;

  constructor(field: keyof TlsInput, problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.field = field;
  }
}

/**
 * Reads the certificates and the key that lanes need for TLS.
 * @throws {InvalidTlsError} a file cannot be read, or does not hold what its field needs
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
  if (cert === undefined)
    throw new InvalidTlsError('cert', 'it is missing: tls.key needs its certificate');
  if (key === undefined)
    throw new InvalidTlsError('key', 'it is missing: tls.cert needs its private key');
  const client = { cert: readCertificates('cert', cert), key: readPem('key', key) };
  if (!new X509Certificate(client.cert).checkPrivateKey(parseKey(client.key))) {
    throw new InvalidTlsError(
      'key',
      'it is not the key of the certificate in tls.cert: give the matching one',
    );
  }
  return client;
}

/** Reads one or more certificates. All are checked: Node.js would ignore those after a broken one. */
function readCertificates(field: 'ca' | 'cert', input: string): string {
  const pem = readPem(field, input);
  const [, ...blocks] = pem.split('-----BEGIN ');
  try {
    for (const block of blocks) new X509Certificate(`-----BEGIN ${block}`);
  } catch (cause) {
    const which = blocks.length === 1 ? 'it is' : `one of its ${blocks.length} parts is`;
    throw new InvalidTlsError(
      field,
      `${which} not a certificate in PEM: give PEM text or the path of a PEM file`,
      { cause },
    );
  }
  if (blocks.length === 0)
    throw new InvalidTlsError(
      field,
      'it has no certificate: give PEM text or the path of a PEM file',
    );
  return pem;
}

function parseKey(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The message of OpenSSL is left out: it may quote the key.
    const isEncrypted = pem.includes('ENCRYPTED');
    throw new InvalidTlsError(
      'key',
      isEncrypted
        ? 'it is encrypted: decrypt it first'
        : `it is not a private key in PEM (${code})`,
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
