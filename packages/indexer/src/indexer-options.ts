import {
  API_VERSION,
  checkTag,
  InvalidTagError,
  MAX_TENANT_BYTES,
  MAX_THROTTLE_NANOSECONDS,
  MinimumVersion,
} from '@ringest/codec';
import type { Logger } from 'pino';
import { parseListenAddress } from './admission/address.js';
import { type IndexerTls, readTls } from './admission/tls-material.js';
import { InvalidOptionError } from './errors.js';
import type { IngesterCallbacks } from './reading/ingester-handler.js';
import type { Store } from './store/store.js';

/** The longest delay of confirmations, in milliseconds. */
export const MAX_ACK_DELAY_MS = 300_000;

/** The lowest rate of reading, in bytes per second. */
export const MIN_READ_RATE = 1024;

const DAY_MS = 86_400_000;

const DEFAULT_MAX_UNAUTHENTICATED = 128;

/**
 * Options that make an indexer slow, strict, old or unreliable, for tests and benchmarks of an ingester.
 * By default an indexer has none of these limits.
 */
export interface IndexerBehaviour {
  /**
   * How long confirmations of entries and ditto blocks are delayed, in milliseconds, 0 to
   * {@link MAX_ACK_DELAY_MS}, as if the indexer were far away or had a slow disk. FORCE_ACK does not
   * shorten the delay, other replies are not delayed, and the throughput is not limited. `close` sends
   * all delayed confirmations at once. Default: 0.
   */
  readonly ackDelay?: number | undefined;
  /**
   * The average rate at which each connection is read, in bytes per second: {@link MIN_READ_RATE} or
   * more, or 0 for no limit. An ingester notices the limit once the buffers of the operating system are
   * full, which can take some mebibytes. Default: 0.
   */
  readonly readRate?: number | undefined;
  /**
   * The length of a THROTTLE (§4) in milliseconds, 0 to 5000, which is sent every second to each
   * ingester that sends entries: 200 stops it for a fifth of the time. A THROTTLE over 500 ms is sent
   * less often, every twice its length. While it lasts, the indexer sends no confirmation and no PONG,
   * because any message would end it. 0 means none. Default: 0.
   */
  readonly throttle?: number | undefined;
  /**
   * How long the indexer answers INGEST_OK (§4) with "not ready" after it began to listen, in
   * milliseconds, up to a day. Default: 0.
   */
  readonly notReadyFor?: number | undefined;
  /**
   * Every n-th entry, counted over all connections, destroys its connection after it is counted and
   * before it is confirmed. Entries before it are confirmed. 0 means never. Default: 0.
   */
  readonly failAfter?: number | undefined;
  /**
   * Names of tags that are refused. A tag request with one of them is refused as a whole (§7).
   * Default: none.
   */
  readonly refuseTag?: readonly string[] | undefined;
  /**
   * The API version of the indexer, 0 to 9 (§2). An ingester that sends something newer loses its
   * connection. Default: 9.
   */
  readonly apiVersion?: number | undefined;
}

/** The options of an {@link Indexer}. */
export interface IndexerOptions extends IndexerBehaviour, IngesterCallbacks {
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
  /** Whether to compute a digest of all entries, which takes about a microsecond for each. Default: `false`. */
  readonly digest?: boolean | undefined;
  /** The number of the first tag, 0..65534. Further numbers count down from it. Default: 1000. */
  readonly firstTag?: number | undefined;
  /**
   * Where entries are stored. They are confirmed once they are written. Close it after the indexer.
   * Default: nowhere.
   */
  readonly store?: Store | undefined;
  /** The pino logger of the indexer. Default: none. */
  readonly logger?: Logger | undefined;
}

/**
 * Checks the addresses, and reads the certificates that `tls://` addresses need.
 *
 * @throws {InvalidAddressError} if an address is malformed.
 * @throws {InvalidOptionError} if there is no address, or `tls` does not fit the addresses.
 */
export function checkListen({ listen, tls }: IndexerOptions) {
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

/** @throws {InvalidOptionError} if the value is not a number of milliseconds within bounds. */
export function checkAckDelay(milliseconds: number): number {
  return checkNumber('ackDelay', milliseconds, 0, MAX_ACK_DELAY_MS);
}

/** @throws {InvalidOptionError} if the value is neither 0 nor a number of bytes per second within bounds. */
export function checkReadRate(bytesPerSecond: number): number {
  if (bytesPerSecond === 0) return 0;
  return checkNumber('readRate', bytesPerSecond, MIN_READ_RATE, Number.MAX_SAFE_INTEGER);
}

/**
 * Checks the behaviour, and fills in the defaults.
 *
 * @throws {InvalidOptionError} if an option is out of bounds, or a tag is not a valid name.
 */
export function checkBehaviour(options: IndexerBehaviour) {
  return {
    ackDelay: checkAckDelay(options.ackDelay ?? 0),
    readRate: checkReadRate(options.readRate ?? 0),
    throttle: checkNumber('throttle', options.throttle ?? 0, 0, MAX_THROTTLE_NANOSECONDS / 1e6),
    notReadyFor: checkNumber('notReadyFor', options.notReadyFor ?? 0, 0, DAY_MS),
    failAfter: checkWhole('failAfter', options.failAfter ?? 0, 0, Number.MAX_SAFE_INTEGER),
    refuseTag: new Set((options.refuseTag ?? []).map(checkRefusedTag)),
    apiVersion: checkWhole('apiVersion', options.apiVersion ?? API_VERSION, 0, API_VERSION),
  };
}

function checkWhole(option: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) throw new InvalidOptionError(option, value, 'give a whole number');
  return checkNumber(option, value, min, max);
}

function checkNumber(option: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new InvalidOptionError(option, value, `give a number from ${min} to ${max}`);
  }
  return value;
}

function checkRefusedTag(name: string): string {
  try {
    return checkTag(name);
  } catch (error) {
    if (!(error instanceof InvalidTagError)) throw error;
    throw new InvalidOptionError('refuseTag', name, error.message);
  }
}
