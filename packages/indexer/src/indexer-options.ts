import {
  API_VERSION,
  checkTag,
  type IngesterState,
  InvalidTagError,
  MAX_TENANT_BYTES,
  MAX_THROTTLE_NANOSECONDS,
  MinimumVersion,
} from '@ringest/codec';
import type { Logger } from 'pino';
import { parseListenAddress } from './admission/address.js';
import { type IndexerTls, readTls } from './admission/tls-material.js';
import { InvalidOptionError } from './errors.js';
import type { EntryView } from './reading/entry-view.js';

/** The longest delay of confirmations, in milliseconds. */
export const MAX_ACK_DELAY_MS = 300_000;

/** The lowest rate of reading, in bytes a second. */
export const MIN_READ_RATE = 1024;

const DAY_MS = 86_400_000;

const DEFAULT_MAX_UNAUTHENTICATED = 128;

/**
 * How an indexer is slow, strict, old or unreliable: what tests and benchmarks of an ingester need.
 * Left out, it is none of that.
 */
export interface IndexerBehaviour {
  /**
   * By how many milliseconds the confirmations of entries and of ditto blocks leave later, 0 to
   * {@link MAX_ACK_DELAY_MS}, as if the indexer were far away or its disk slow. FORCE_ACK does not
   * shorten it; other replies are not delayed. How much can be ingested in a second is not limited.
   * An indexer that is closed sends what is left at once.
   */
  readonly ackDelay?: number | undefined;
  /**
   * How many bytes are read in a second from each connection, {@link MIN_READ_RATE} or more, met on
   * average. What the operating system buffers, up to some mebibytes, comes before an ingester
   * feels it. 0: as many as come.
   */
  readonly readRate?: number | undefined;
  /**
   * A THROTTLE of so many milliseconds, up to 5000, is sent to each ingester whose entries flow, every
   * second: 200 stop it for a fifth of the time. One over 500 is sent every twice its length. Until it
   * is over, the indexer says nothing by itself and confirms nothing, because whatever it says would
   * end it. 0: none.
   */
  readonly throttle?: number | undefined;
  /**
   * For how many milliseconds, up to a day, after it began to listen the indexer says that it is not
   * ready when an ingester asks with INGEST_OK.
   */
  readonly notReadyFor?: number | undefined;
  /**
   * The connection that brings every n-th entry, counted over all connections as long as the indexer
   * lives, is destroyed when that entry was taken and counted, and before it is confirmed. What was
   * taken before it is confirmed. 0: none.
   */
  readonly failAfter?: number | undefined;
  /** Tags that no ingester gets, by name: in a tag request all others are refused with them. */
  readonly refuseTag?: readonly string[] | undefined;
  /**
   * The API version of the indexer, 0 to 9, which is the default. What came after it (§2) the indexer
   * does not know: who sends it nevertheless loses the connection.
   */
  readonly apiVersion?: number | undefined;
}

export interface IndexerOptions extends IndexerBehaviour {
  /**
   * `tcp://host:port`, `tls://host:port` or `pipe:///path`, one or several. Port 0 takes a free one. An
   * address without scheme is `tls` if {@link tls} is given, else `tcp`.
   */
  readonly listen: string | readonly string[];
  /** The certificate and the key for `tls://`. */
  readonly tls?: IndexerTls | undefined;
  /** The secret that ingesters must have. It is not kept, only its hash. */
  readonly secret: string;
  /**
   * The tenants whose ingesters are let in, by name. Left out, those of any tenant and of none are.
   */
  readonly tenants?: readonly string[] | undefined;
  /**
   * How many connections may be unauthenticated at the same time, 1 or more, those in the middle of a
   * TLS handshake with them; 128 if left out. With one more, the one that has been silent for longest
   * is dropped. Each is in any case after five seconds.
   */
  readonly maxUnauthenticated?: number | undefined;
  /** Keep a digest of all entries, which takes about a microsecond for each. Off unless `true`. */
  readonly digest?: boolean | undefined;
  /** Takes every entry before it is counted. What it throws ends the connection, the entry unconfirmed. */
  readonly onEntry?: ((entry: EntryView) => void) | undefined;
  /**
   * Called before the entries taken so far on a connection are confirmed, many at once: whoever
   * stores entries makes them durable here. What it throws ends the connection, with them unconfirmed.
   */
  readonly beforeConfirm?: (() => void) | undefined;
  /** Takes every state that an ingester tells about itself (§8). What it throws ends the connection. */
  readonly onIngesterState?: ((state: IngesterState) => void) | undefined;
  /** The number of the first tag, 0..65534, from which the numbers count down. 1000 if left out. */
  readonly firstTag?: number | undefined;
  /** Silent if left out. */
  readonly logger?: Logger | undefined;
}

/**
 * Where to listen, and with what.
 *
 * @throws {InvalidAddressError} if an address is malformed.
 * @throws {InvalidOptionError} if there is none, or it cannot be had with this `tls`.
 */
export function checkListen({ listen, tls }: IndexerOptions) {
  const texts = typeof listen === 'string' ? [listen] : listen;
  if (texts.length === 0) throw new InvalidOptionError('listen', '[]', 'name at least one address');
  const addresses = texts.map((text) =>
    parseListenAddress(text, tls === undefined ? 'tcp' : 'tls'),
  );
  const isTls = addresses.some(({ scheme }) => scheme === 'tls');
  if (isTls && tls === undefined) {
    throw new InvalidOptionError('tls', tls, 'listening on tls:// takes a certificate and a key');
  }
  if (!isTls && tls !== undefined) {
    throw new InvalidOptionError('tls', 'given', 'no address to listen on is tls://');
  }
  return { addresses, tls: tls === undefined ? undefined : readTls(tls) };
}

/**
 * The tenants that are let in, `undefined` if all are.
 *
 * @param apiVersion the indexer's.
 * @throws {InvalidOptionError} if a name is none, or there are none.
 */
export function checkTenants(
  tenants: readonly string[] | undefined,
  apiVersion: number,
): ReadonlySet<string> | undefined {
  if (tenants === undefined) return undefined;
  if (tenants.length === 0) throw new InvalidOptionError('tenants', '[]', 'name at least one');
  if (apiVersion < MinimumVersion.tenant) {
    const problem = `an indexer of version ${apiVersion} knows no tenants`;
    throw new InvalidOptionError('tenants', tenants, problem);
  }
  for (const name of tenants) {
    if (name === '' || Buffer.byteLength(name) > MAX_TENANT_BYTES) {
      throw new InvalidOptionError('tenants', name, `a name has 1 to ${MAX_TENANT_BYTES} bytes`);
    }
  }
  return new Set(tenants);
}

/** @throws {InvalidOptionError} if it is no number of connections. */
export function checkMaxUnauthenticated(connections = DEFAULT_MAX_UNAUTHENTICATED): number {
  return checkWhole('maxUnauthenticated', connections, 1, Number.MAX_SAFE_INTEGER);
}

/** @throws {InvalidOptionError} if it is no number of milliseconds within bounds. */
export function checkAckDelay(milliseconds: number): number {
  return checkNumber('ackDelay', milliseconds, 0, MAX_ACK_DELAY_MS);
}

/** @throws {InvalidOptionError} if it is neither 0 nor a number of bytes a second within bounds. */
export function checkReadRate(bytesPerSecond: number): number {
  if (bytesPerSecond === 0) return 0;
  return checkNumber('readRate', bytesPerSecond, MIN_READ_RATE, Number.MAX_SAFE_INTEGER);
}

/**
 * The whole behaviour that options ask for.
 *
 * @throws {InvalidOptionError} if one of them is out of its bounds, or a tag is no valid name.
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

function checkWhole(option: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw new InvalidOptionError(option, value, 'it is a whole number');
  return checkNumber(option, value, least, most);
}

function checkNumber(option: string, value: number, least: number, most: number): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new InvalidOptionError(option, value, `it is a number from ${least} to ${most}`);
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
