import { MAX_DATA_BYTES, MAX_TENANT_BYTES, MinimumVersion } from '@ringest/codec';
import type { Logger } from 'pino';
import { parseListenAddress } from './admission/address.js';
import { type IndexerTls, readTls } from './admission/tls-material.js';
import { checkWhole } from './checks.js';
import { InvalidOptionError } from './errors.js';

const DEFAULT_MAX_UNAUTHENTICATED = 128;

/** Where an indexer listens, and whom it admits. */
export interface ListenOptions {
  /**
   * One or more addresses to listen on: `tcp://host:port`, `tls://host:port` or `pipe:///path`. Port 0
   * chooses a free port. An address without a scheme is `tls` if {@link tls} is given, otherwise `tcp`.
   */
  readonly listen: string | readonly string[];
  /** The certificate and the key for `tls://` addresses. Default: none. */
  readonly tls?: IndexerTls | undefined;
  /** The secret that ingesters must have. Only its hash is kept. */
  readonly secret: string;
  /** The names of the tenants that may ingest (§3). Default: any tenant, and ingesters without one. */
  readonly tenants?: readonly string[] | undefined;
  /**
   * The most connections that may be unauthenticated at the same time, 1 or more, including those in a
   * TLS handshake. One more closes the connection that has been silent for longest. Every connection is
   * closed if it is not authenticated after five seconds. Default: 128.
   */
  readonly maxUnauthenticated?: number | undefined;
  /**
   * The most bytes of data in an entry, 1 to 2^30 − 1. The connection of an ingester that sends a longer one ends
   * before the entry is in memory. Default: 2^30 − 1, the most that there can be (§5).
   */
  readonly maxEntryBytes?: number | undefined;
  /** The pino logger. Default: none. */
  readonly logger?: Logger | undefined;
}

/**
 * Checks the addresses, and reads the certificates that `tls://` addresses need.
 *
 * @throws {InvalidAddressError} if an address is malformed.
 * @throws {InvalidOptionError} if there is no address, or `tls` does not fit the addresses.
 */
export function checkListen({ listen, tls }: ListenOptions) {
  const texts = typeof listen === 'string' ? [listen] : listen;
  if (texts.length === 0) throw new InvalidOptionError('listen', '[]', 'name at least one address');
  const addresses = texts.map((text) =>
    parseListenAddress(text, tls === undefined ? 'tcp' : 'tls'),
  );
  const isTls = addresses.some(({ scheme }) => scheme === 'tls');
  if (isTls && tls === undefined) {
    throw new InvalidOptionError('tls', tls, 'a tls:// address needs a certificate and a key');
  }
  if (!isTls && tls !== undefined) {
    throw new InvalidOptionError(
      'tls',
      'given',
      'no address to listen on is tls://: remove it, or add such an address',
    );
  }
  return { addresses, tls: tls === undefined ? undefined : readTls(tls) };
}

/**
 * Checks the tenants that may ingest; `undefined` means all.
 *
 * @param apiVersion the API version of the indexer.
 * @throws {InvalidOptionError} if a name is not valid, or there is none.
 */
export function checkTenants(
  tenants: readonly string[] | undefined,
  apiVersion: number,
): ReadonlySet<string> | undefined {
  if (tenants === undefined) return undefined;
  if (tenants.length === 0) throw new InvalidOptionError('tenants', '[]', 'name at least one');
  if (apiVersion < MinimumVersion.tenant) {
    const problem = `an indexer of API version ${apiVersion} does not know tenants`;
    throw new InvalidOptionError('tenants', tenants, problem);
  }
  for (const name of tenants) {
    if (name === '' || Buffer.byteLength(name) > MAX_TENANT_BYTES) {
      throw new InvalidOptionError('tenants', name, `a name has 1 to ${MAX_TENANT_BYTES} bytes`);
    }
  }
  return new Set(tenants);
}

/** @throws {InvalidOptionError} if the value is not a whole number of 1 or more. */
export function checkMaxUnauthenticated(connections = DEFAULT_MAX_UNAUTHENTICATED): number {
  return checkWhole('maxUnauthenticated', connections, 1, Number.MAX_SAFE_INTEGER);
}

/** @throws {InvalidOptionError} if the value is not a whole number within bounds. */
export function checkMaxEntryBytes(bytes = MAX_DATA_BYTES): number {
  return checkWhole('maxEntryBytes', bytes, 1, MAX_DATA_BYTES);
}
