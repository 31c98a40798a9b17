import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its private key, both as PEM text. */
export interface CertificateAndKey {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface CertificateOptions {
  /** Names and IP addresses that it is good for; a client's may have none. */
  readonly hosts: readonly string[];
  /** When it begins to be valid. Default: an hour ago. */
  readonly from?: Date;
  /** When it ceases to be valid. Default: in a day. */
  readonly until?: Date;
  /** It proves a client's identity, not a server's. Default: false. */
  readonly client?: boolean;
}

const HOUR = 3_600_000;
const ALGORITHM = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>;

/**
 * An authority that exists in memory only, for indexers that are started to be tried out: who is
 * given its certificate verifies theirs as it would in the field.
 */
export class CertificateAuthority {
  /** PEM text, for those who are to trust it. */
  readonly certificate: string;
  readonly #key: string;

  private constructor({ cert, key }: CertificateAndKey) {
    this.certificate = cert;
    this.#key = key;
  }

  /** Makes an authority, with a name and a key of its own, that is good for a day. */
  static async create(): Promise<CertificateAuthority> {
    return new CertificateAuthority(await makeAuthority());
  }

  /** Makes another authority, which this one vouches for: its certificate is an intermediate one. */
  async intermediate(): Promise<CertificateAuthority> {
    return new CertificateAuthority(await makeAuthority(this.#signing));
  }

  /** Makes a key and signs a certificate for it. */
  issue(options: CertificateOptions): Promise<CertificateAndKey> {
    return make('ringest throw-away', term(options), leafExtensions(options), this.#signing);
  }

  get #signing(): CertificateAndKey {
    return { cert: this.certificate, key: this.#key };
  }
}

/** A certificate that nobody vouches for but its own key. */
export function selfSigned(options: CertificateOptions): Promise<CertificateAndKey> {
  return make('ringest self-signed', term(options), leafExtensions(options));
}

function makeAuthority(ca?: CertificateAndKey): Promise<CertificateAndKey> {
  const name = `ringest throw-away authority ${randomBytes(4).toString('hex')}`;
  const extensions: Extensions = [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ];
  return make(name, defaultTerm(), extensions, ca);
}

interface Term {
  readonly notBeforeDate: Date;
  readonly notAfterDate: Date;
}

function defaultTerm(): Term {
  const now = Date.now();
  return { notBeforeDate: new Date(now - HOUR), notAfterDate: new Date(now + 24 * HOUR) };
}

function term({ from, until }: CertificateOptions): Term {
  const { notBeforeDate, notAfterDate } = defaultTerm();
  return { notBeforeDate: from ?? notBeforeDate, notAfterDate: until ?? notAfterDate };
}

function leafExtensions({ hosts, client = false }: CertificateOptions): Extensions {
  const extensions: Extensions = [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: !client, clientAuth: client },
  ];
  if (hosts.length === 0) return extensions;
  const altNames = hosts.map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  );
  return [...extensions, { name: 'subjectAltName', altNames }];
}

async function make(
  commonName: string,
  dates: Term,
  extensions: Extensions,
  ca?: CertificateAndKey,
): Promise<CertificateAndKey> {
  const subject = [{ name: 'commonName', value: commonName }];
  const options = { ...ALGORITHM, ...dates, extensions, ...(ca && { ca }) };
  const { cert, private: key } = await generate(subject, options);
  return { cert, key };
}
