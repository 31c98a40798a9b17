import { API_VERSION, checkTag, InvalidTagError, MAX_THROTTLE_NANOSECONDS } from '@ringest/codec';
import { checkNumber, checkWhole } from './checks.js';
import { InvalidOptionError } from './errors.js';
import type { ListenOptions } from './listen-options.js';
import type { IngesterCallbacks } from './reading/ingester-handler.js';
import type { Store } from './store/store.js';

/** The longest delay of confirmations, in milliseconds. */
export const MAX_ACK_DELAY_MS = 300_000;

/** The lowest rate of reading, in bytes per second. */
export const MIN_READ_RATE = 1024;

const DAY_MS = 86_400_000;

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
export interface IndexerOptions extends ListenOptions, IndexerBehaviour, IngesterCallbacks {
  /** Whether to compute a digest of all entries, which takes about a microsecond for each. Default: `false`. */
  readonly digest?: boolean | undefined;
  /** The number of the first tag, 0..65534. Further numbers count down from it. Default: 1000. */
  readonly firstTag?: number | undefined;
  /**
   * Where entries are stored. They are confirmed once they are written. Close it after the indexer.
   * Default: nowhere.
   */
  readonly store?: Store | undefined;
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

function checkRefusedTag(name: string): string {
  try {
    return checkTag(name);
  } catch (error) {
    if (!(error instanceof InvalidTagError)) throw error;
    throw new InvalidOptionError('refuseTag', name, error.message);
  }
}
