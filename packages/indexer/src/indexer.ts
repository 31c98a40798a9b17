import { checkTag, GRAVWELL_TAG, type IndexerTag } from '@ringest/codec';
import { type Logger, pino } from 'pino';
import { startThrottling } from './behaviour/throttling.js';
import {
  checkAckDelay,
  checkBehaviour,
  checkReadRate,
  type IndexerOptions,
} from './indexer-options.js';
import { type AdmittedIngester, IngestServer, type ServedIngester } from './ingest-server.js';
import { EntryDigest } from './reading/digest.js';
import { EntryCounter } from './reading/entry-counter.js';
import type { EntryView } from './reading/entry-view.js';
import { type IngesterHandling, ingesterHandler } from './reading/ingester-handler.js';
import { TagTable } from './reading/tag-table.js';
import { TenantEntries } from './reading/tenant-entries.js';

const DEFAULT_FIRST_TAG = 1000;

/** What an indexer has received since it was made. */
export interface IndexerStats {
  /** How many ingesters became hot. */
  readonly connections: number;
  /** How many entries were received, including duplicates. */
  readonly entries: number;
  /** Bytes of data in these entries. */
  readonly bytes: number;
  /**
   * The digest of all entries, 64 hexadecimal digits (see {@link EntryDigest}); `null` without the
   * option `digest`.
   */
  readonly digest: string | null;
  /** How many entries each tag has, by its name. A tag without entries is left out. */
  readonly tags: Readonly<Record<string, number>>;
  /** How many entries each tenant has, by its name. Entries without a tenant are left out. */
  readonly tenants: Readonly<Record<string, number>>;
}

/**
 * An indexer for tests and benchmarks. It listens, authenticates ingesters, and confirms and counts their
 * entries. It stores them if it has a store.
 * @example
 * ```ts
 * await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
 * const address = await indexer.listen(); // for the targets of a muxer
 * ```
 */
export class Indexer implements AsyncDisposable {
  readonly #server: IngestServer;
  readonly #handling: IngesterHandling;
  readonly #behaviour: ReturnType<typeof checkBehaviour>;
  readonly #log: Logger;
  readonly #tags: TagTable;
  readonly #counter: EntryCounter;
  readonly #tenantEntries = new TenantEntries();
  #connections = 0;
  #ackDelay: number;
  #readRate: number;
  /** When INGEST_OK is first answered with yes, on the clock of `performance`. */
  #readyAt = Number.POSITIVE_INFINITY;
  #hasWarnedFull = false;
  #stopThrottling: () => void = () => {};
  #closed: Promise<void> | undefined;

  /**
   * Checks the options. The indexer does not listen before {@link listen}.
   *
   * @throws {InvalidAddressError} if an address of `listen` is malformed.
   * @throws {InvalidOptionError} if another option cannot be used.
   */
  constructor(options: IndexerOptions) {
    this.#behaviour = checkBehaviour(options);
    this.#log = options.logger ?? pino({ level: 'silent' });
    const { failAfter } = this.#behaviour;
    const negotiateTag = (name: string) => this.#negotiateTag(name);
    this.#server = new IngestServer({
      ...options,
      negotiateTag,
      serve: (ingester) => this.#serve(ingester),
    });
    this.#ackDelay = this.#behaviour.ackDelay;
    this.#readRate = this.#behaviour.readRate;
    this.#tags = new TagTable(options.firstTag ?? DEFAULT_FIRST_TAG, this.#behaviour.refuseTag);
    this.#counter = new EntryCounter(options.digest === true ? new EntryDigest() : undefined);
    this.#counter.allow(GRAVWELL_TAG);
    const { onEntry, onDittoBlock, beforeConfirm, onIngesterState, store } = options;
    this.#handling = {
      ...{ onEntry, onDittoBlock, beforeConfirm, onIngesterState, failAfter, negotiateTag, store },
      counter: this.#counter,
      isReady: () => performance.now() >= this.#readyAt,
    };
  }

  /**
   * Starts to listen on all addresses. If one of them fails, the indexer listens on none.
   *
   * @returns the first address, see {@link addresses}.
   * @throws {ListenError} if an address cannot be used, or the indexer listens already or is closed.
   */
  async listen(): Promise<string> {
    const address = await this.#server.listen();
    const { notReadyFor, throttle } = this.#behaviour;
    this.#readyAt = performance.now() + notReadyFor;
    if (throttle > 0) this.#stopThrottling = startThrottling(throttle, () => this.#server.readers);
    return address;
  }

  /** The first address that the indexer listens on, with its actual port, see {@link addresses}. */
  get address(): string {
    return this.addresses[0] as string;
  }

  /**
   * The addresses that the indexer listens on, in the order of the option `listen`: `tcp://host:port` and
   * `tls://host:port` with the actual port, and `pipe:///path`.
   */
  get addresses(): string[] {
    return this.#server.addresses;
  }

  /**
   * How long confirmations are delayed, in milliseconds, see {@link IndexerBehaviour.ackDelay}. Setting it
   * changes all connections at once. Confirmations that wait already keep their delay and their order.
   *
   * @throws {InvalidOptionError} if it is set out of bounds.
   */
  get ackDelay(): number {
    return this.#ackDelay;
  }

  set ackDelay(milliseconds: number) {
    this.#ackDelay = checkAckDelay(milliseconds);
    for (const reader of this.#server.readers) reader.ackDelay = milliseconds;
  }

  /**
   * The rate at which each connection is read, in bytes per second, see {@link IndexerBehaviour.readRate}.
   * Setting it changes all connections at once.
   *
   * @throws {InvalidOptionError} if it is set out of bounds.
   */
  get readRate(): number {
    return this.#readRate;
  }

  set readRate(bytesPerSecond: number) {
    this.#readRate = checkReadRate(bytesPerSecond);
    for (const reader of this.#server.readers) reader.readRate = bytesPerSecond;
  }

  /** Returns the name of the tag of an entry that `onEntry` gets. */
  tagOf(entry: EntryView): string {
    return this.#tags.nameOf(entry.tag) ?? `${entry.tag}`;
  }

  /** Returns what was received so far. */
  stats(): IndexerStats {
    const { entries, bytes, digest } = this.#counter;
    const counts = Array.from(this.#tags, ([name, tag]) => [name, this.#counter.entriesOf(tag)]);
    const tags = Object.fromEntries(counts.filter(([, count]) => count !== 0));
    const tenants = this.#tenantEntries.toObject();
    return { connections: this.#connections, entries, bytes, digest, tags, tenants };
  }

  /**
   * Stops listening, confirms what was received, and ends all connections. Further calls return the same
   * promise.
   */
  close(): Promise<void> {
    this.#closed ??= this.#server.close().finally(() => this.#stopThrottling());
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve({ tenant, log }: AdmittedIngester): ServedIngester {
    this.#connections++;
    const account = this.#tenantEntries.account(tenant?.name);
    return {
      handler: ingesterHandler(this.#handling, account, log),
      begins: (reader) => {
        reader.ackDelay = this.#ackDelay;
        reader.readRate = this.#readRate;
      },
    };
  }

  #negotiateTag(name: string): IndexerTag {
    const tag = this.#tags.negotiate(name);
    this.#handling.store?.nameTag(tag, checkTag(name));
    this.#counter.allow(tag);
    if (this.#tags.isFull && !this.#hasWarnedFull) {
      this.#hasWarnedFull = true;
      this.#log.warn(
        'all tag numbers are given: further tags are refused until the indexer is restarted',
      );
    }
    return tag;
  }
}
