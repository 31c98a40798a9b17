import type { Socket } from 'node:net';
import { GRAVWELL_TAG, hashSecret, type IndexerTag } from '@ringest/codec';
import { type Logger, pino } from 'pino';
import { formatListenAddress, type ListenAddress } from './admission/address.js';
import type { Arrival } from './admission/arrival.js';
import { Listener } from './admission/listener.js';
import { Reception } from './admission/reception.js';
import type { IndexerTls } from './admission/tls-material.js';
import { startThrottling } from './behaviour/throttling.js';
import { ListenError, PlannedFailureError } from './errors.js';
import {
  checkAckDelay,
  checkBehaviour,
  checkListen,
  checkMaxUnauthenticated,
  checkReadRate,
  checkTenants,
  type IndexerOptions,
} from './indexer-options.js';
import { EntryDigest } from './reading/digest.js';
import { EntryCounter } from './reading/entry-counter.js';
import { EntryReader } from './reading/entry-reader.js';
import { type IngesterHandling, ingesterHandler } from './reading/ingester-handler.js';
import { TagTable } from './reading/tag-table.js';
import { TenantEntries } from './reading/tenant-entries.js';

const DEFAULT_FIRST_TAG = 1000;

/** What an indexer has taken since it was made. */
export interface IndexerStats {
  /** Ingesters that were let in. */
  readonly connections: number;
  readonly entries: number;
  /** Bytes of data. */
  readonly bytes: number;
  /** 64 hexadecimal digits, see {@link EntryDigest}; `null` without one. */
  readonly digest: string | null;
  /** Entries by tag name. A tag without entries is left out. */
  readonly tags: Readonly<Record<string, number>>;
  /** Entries by tenant name. Those of ingesters without a tenant are left out. */
  readonly tenants: Readonly<Record<string, number>>;
}

/**
 * An embedded indexer: it listens, lets in ingesters that have the secret, confirms their entries
 * and counts them. It stores nothing.
 */
export class Indexer implements AsyncDisposable {
  readonly #addresses: readonly ListenAddress[];
  readonly #tls: IndexerTls | undefined;
  readonly #reception: Reception;
  readonly #handling: IngesterHandling;
  readonly #behaviour: ReturnType<typeof checkBehaviour>;
  readonly #log: Logger;
  readonly #tags: TagTable;
  readonly #counter: EntryCounter;
  readonly #tenantEntries = new TenantEntries();
  /** Connections that are open, with their readers once the handshake is done. */
  readonly #open = new Map<Socket, EntryReader | undefined>();
  #listeners: readonly Listener[] = [];
  #opening: Promise<unknown> = Promise.resolve();
  #connections = 0;
  #ackDelay: number;
  #readRate: number;
  /** On the clock of `performance`; never, before it listens on all addresses. */
  #readyAt = Number.POSITIVE_INFINITY;
  #toldThatFull = false;
  #stopThrottling: () => void = () => {};
  #closed: Promise<void> | undefined;

  /**
   * @throws {InvalidAddressError} if an address of `listen` is malformed.
   * @throws {InvalidOptionError} if another option is out of bounds.
   */
  constructor(options: IndexerOptions) {
    const { addresses, tls } = checkListen(options);
    this.#addresses = addresses;
    this.#tls = tls;
    this.#behaviour = checkBehaviour(options);
    const { apiVersion, failAfter } = this.#behaviour;
    const negotiateTag = (name: string) => this.#negotiateTag(name);
    this.#reception = new Reception(
      {
        secretHash: hashSecret(options.secret),
        tenants: checkTenants(options.tenants, apiVersion),
        negotiateTag,
        apiVersion,
      },
      checkMaxUnauthenticated(options.maxUnauthenticated),
    );
    this.#ackDelay = this.#behaviour.ackDelay;
    this.#readRate = this.#behaviour.readRate;
    this.#log = options.logger ?? pino({ level: 'silent' });
    this.#tags = new TagTable(options.firstTag ?? DEFAULT_FIRST_TAG, this.#behaviour.refuseTag);
    this.#counter = new EntryCounter(options.digest === true ? new EntryDigest() : undefined);
    this.#counter.allow(GRAVWELL_TAG);
    const { onEntry, beforeConfirm, onIngesterState } = options;
    this.#handling = {
      ...{ onEntry, beforeConfirm, onIngesterState, failAfter, negotiateTag },
      counter: this.#counter,
      isReady: () => performance.now() >= this.#readyAt,
    };
  }

  /**
   * Starts to listen, on all addresses or on none.
   *
   * @returns the first address, see {@link addresses}.
   * @throws {ListenError} if one of the addresses cannot be had, or the indexer listens already.
   */
  async listen(): Promise<string> {
    if (this.#closed !== undefined || this.#listeners.length > 0) {
      const problem = this.#closed === undefined ? 'it listens already' : 'the indexer is closed';
      throw new ListenError(this.address, problem);
    }
    this.#listeners = this.#addresses.map(
      (address) =>
        new Listener(address, this.#tls, {
          accepted: (arrival) => this.#serve(arrival),
          failed: (err) => this.#log.error({ err }, 'cannot take connections'),
        }),
    );
    const opening = this.#openAll();
    this.#opening = opening.catch(() => {});
    await opening;
    const { notReadyFor, throttle } = this.#behaviour;
    this.#readyAt = performance.now() + notReadyFor;
    if (throttle > 0) this.#stopThrottling = startThrottling(throttle, () => this.#readers());
    return this.address;
  }

  /** The first of {@link addresses}. */
  get address(): string {
    return this.addresses[0] as string;
  }

  /**
   * Where it listens, in the order of the option: `tcp://host:port` and `tls://host:port` with the
   * actual port, `pipe:///path`.
   */
  get addresses(): string[] {
    return this.#addresses.map(
      (address, i) => this.#listeners[i]?.address ?? formatListenAddress(address),
    );
  }

  /**
   * By how many milliseconds confirmations leave later, see {@link IndexerBehaviour.ackDelay}. Set,
   * it is so from then on, on all connections: what waits already keeps its time, and is not overtaken.
   *
   * @throws {InvalidOptionError} if it is set out of bounds.
   */
  get ackDelay(): number {
    return this.#ackDelay;
  }

  set ackDelay(milliseconds: number) {
    this.#ackDelay = checkAckDelay(milliseconds);
    for (const reader of this.#readers()) reader.ackDelay = milliseconds;
  }

  /**
   * How many bytes are read in a second from each connection, see {@link IndexerBehaviour.readRate}.
   * Set, it is so from then on, on all connections.
   *
   * @throws {InvalidOptionError} if it is set out of bounds.
   */
  get readRate(): number {
    return this.#readRate;
  }

  set readRate(bytesPerSecond: number) {
    this.#readRate = checkReadRate(bytesPerSecond);
    for (const reader of this.#readers()) reader.readRate = bytesPerSecond;
  }

  /** What was taken so far. */
  stats(): IndexerStats {
    const { entries, bytes, digest } = this.#counter;
    const counts = Array.from(this.#tags, ([name, tag]) => [name, this.#counter.entriesOf(tag)]);
    const tags = Object.fromEntries(counts.filter(([, count]) => count !== 0));
    const tenants = this.#tenantEntries.toObject();
    return { connections: this.#connections, entries, bytes, digest, tags, tenants };
  }

  /**
   * Stops listening and ends all connections; what was taken is confirmed before. Closing again
   * is allowed and waits for the same end.
   */
  close(): Promise<void> {
    this.#closed ??= this.#opening.then(() => {
      this.#stopThrottling();
      return this.#closeAll();
    });
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #openAll(): Promise<void> {
    try {
      for (const listener of this.#listeners) await listener.open();
    } catch (error) {
      await this.#closeAll();
      this.#listeners = [];
      throw error;
    }
  }

  async #closeAll(): Promise<void> {
    const closed = Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const [socket, reader] of this.#open) {
      if (reader === undefined) socket.destroy();
      else reader.stop();
    }
    await closed;
  }

  async #serve(arrival: Arrival): Promise<void> {
    const { socket, peer } = arrival;
    const log = this.#log.child({ ingester: peer });
    this.#open.set(socket, undefined);
    socket.once('close', () => this.#open.delete(socket));
    try {
      const { stream, ingester } = await this.#reception.receive(arrival);
      const { tenant, tags, rest } = ingester;
      this.#connections++;
      log.info({ tenant: tenant?.name, tags }, 'ingester is hot');
      const account = this.#tenantEntries.account(tenant?.name);
      const handler = ingesterHandler(this.#handling, account, log);
      const reader = new EntryReader(stream, handler, this.#behaviour.apiVersion);
      reader.ackDelay = this.#ackDelay;
      reader.readRate = this.#readRate;
      this.#open.set(socket, reader);
      await reader.run(rest);
      log.info('ingester has left');
    } catch (err) {
      if (err instanceof PlannedFailureError) socket.destroy();
      log.warn({ err }, 'ingester is lost');
    }
  }

  #readers(): EntryReader[] {
    return [...this.#open.values()].filter((reader) => reader !== undefined);
  }

  #negotiateTag(name: string): IndexerTag {
    const tag = this.#tags.negotiate(name);
    this.#counter.allow(tag);
    if (this.#tags.isFull && !this.#toldThatFull) {
      this.#toldThatFull = true;
      this.#log.warn('all tag numbers are given: other tags are refused as long as this runs');
    }
    return tag;
  }
}
