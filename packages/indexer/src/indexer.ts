import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { GRAVWELL_TAG, hashSecret, type IndexerTag, type IngesterState } from '@ringest/codec';
import { type Logger, pino } from 'pino';
import { formatAddress, type ListenAddress, parseListenAddress } from './address.js';
import { EntryDigest } from './digest.js';
import { EntryCounter } from './entry-counter.js';
import { EntryReader } from './entry-reader.js';
import type { EntryView } from './entry-view.js';
import { ListenError, PlannedFailureError } from './errors.js';
import { acceptIngester } from './handshake.js';
import {
  checkAckDelay,
  checkBehaviour,
  checkReadRate,
  type IndexerOptions,
} from './indexer-options.js';
import type { EntryHandler } from './message-reader.js';
import { failingHandler } from './planned-failure.js';
import { TagTable } from './tag-table.js';
import { startThrottling } from './throttling.js';

/** How soon TCP looks whether a silent ingester is still there (§1). */
const KEEP_ALIVE_MS = 2000;

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
}

/**
 * An embedded indexer: it listens, lets in ingesters that have the secret, confirms their entries
 * and counts them. It stores nothing.
 */
export class Indexer implements AsyncDisposable {
  readonly #listenAddress: ListenAddress;
  readonly #secretHash: Buffer;
  readonly #onEntry: ((entry: EntryView) => void) | undefined;
  readonly #beforeConfirm: (() => void) | undefined;
  readonly #onIngesterState: ((state: IngesterState) => void) | undefined;
  readonly #behaviour: ReturnType<typeof checkBehaviour>;
  readonly #log: Logger;
  readonly #tags: TagTable;
  readonly #counter: EntryCounter;
  readonly #server: Server;
  /** Connections that are open, with their readers once the handshake is done. */
  readonly #open = new Map<Socket, EntryReader | undefined>();
  #connections = 0;
  #ackDelay: number;
  #readRate: number;
  /** On the clock of `performance`. */
  #readyAt = 0;
  #stopThrottling: () => void = () => {};
  #closed: Promise<void> | undefined;

  /**
   * @throws {InvalidAddressError} if `listen` is malformed.
   * @throws {InvalidOptionError} if another option is out of bounds.
   */
  constructor(options: IndexerOptions) {
    this.#listenAddress = parseListenAddress(options.listen);
    this.#secretHash = hashSecret(options.secret);
    this.#onEntry = options.onEntry;
    this.#beforeConfirm = options.beforeConfirm;
    this.#onIngesterState = options.onIngesterState;
    this.#behaviour = checkBehaviour(options);
    this.#ackDelay = this.#behaviour.ackDelay;
    this.#readRate = this.#behaviour.readRate;
    this.#log = options.logger ?? pino({ level: 'silent' });
    this.#tags = new TagTable(options.firstTag ?? DEFAULT_FIRST_TAG, this.#behaviour.refuseTag);
    this.#counter = new EntryCounter(options.digest === true ? new EntryDigest() : undefined);
    this.#counter.allow(GRAVWELL_TAG);
    // An ingester may end its half first and still wait for its last confirmations.
    this.#server = createServer(
      {
        allowHalfOpen: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
        noDelay: true,
      },
      (socket) => this.#serve(socket),
    );
  }

  /**
   * Starts to listen.
   *
   * @returns the address, see {@link address}.
   * @throws {ListenError} if the address cannot be had.
   */
  async listen(): Promise<string> {
    const { host, port } = this.#listenAddress;
    const server = this.#server;
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (error) {
      throw new ListenError(formatAddress(host, port), error as NodeJS.ErrnoException);
    }
    server.on('error', (err) => this.#log.error({ err }, 'cannot take connections'));
    const { notReadyFor, throttle } = this.#behaviour;
    this.#readyAt = performance.now() + notReadyFor;
    if (throttle > 0) this.#stopThrottling = startThrottling(throttle, () => this.#readers());
    return this.address;
  }

  /** Where it listens, as `tcp://host:port` with the actual port. */
  get address(): string {
    const bound = this.#server.address() as AddressInfo | null;
    const { host, port } = this.#listenAddress;
    return `tcp://${formatAddress(bound?.address ?? host, bound?.port ?? port)}`;
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
    return { connections: this.#connections, entries, bytes, digest, tags };
  }

  /**
   * Stops listening and ends all connections; what was taken is confirmed before. Closing again
   * is allowed and waits for the same end.
   */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#stopThrottling();
      // The error of a server that never listened is none here.
      this.#server.close(() => resolve());
      for (const [socket, reader] of this.#open) {
        if (reader === undefined) socket.destroy();
        else reader.stop();
      }
    });
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(socket: Socket): Promise<void> {
    const { remoteAddress = '', remotePort = 0 } = socket;
    const log = this.#log.child({ ingester: formatAddress(remoteAddress, remotePort) });
    this.#open.set(socket, undefined);
    socket.once('close', () => this.#open.delete(socket));
    try {
      const { tenant, tags, rest } = await acceptIngester(socket, {
        secretHash: this.#secretHash,
        negotiateTag: (name) => this.#negotiateTag(name),
        apiVersion: this.#behaviour.apiVersion,
      });
      this.#connections++;
      log.info({ tenant: tenant?.name, tags }, 'ingester is hot');
      const reader = new EntryReader(socket, this.#handler(log), this.#behaviour.apiVersion);
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

  #handler(log: Logger): EntryHandler {
    const counter = this.#counter;
    const onEntry = this.#onEntry;
    const onIngesterState = this.#onIngesterState;
    const { failAfter } = this.#behaviour;
    const handler: EntryHandler = {
      onEntry(entry) {
        counter.check(entry);
        onEntry?.(entry);
        counter.add(entry);
      },
      beforeConfirm: () => this.#beforeConfirm?.(),
      isReady: () => performance.now() >= this.#readyAt,
      negotiateTag: (name) => this.#negotiateTag(name),
      onIdentity: ({ name, version, uuid }) =>
        log.info({ name, version, uuid }, 'ingester identity'),
      onIngesterState(state) {
        if (state instanceof Error) {
          log.warn({ err: state }, 'ingester state cannot be read');
          return;
        }
        log.debug({ entries: state.entries, tags: state.tags }, 'ingester state');
        onIngesterState?.(state);
      },
    };
    return failAfter === 0 ? handler : failingHandler(handler, failAfter, () => counter.entries);
  }

  #readers(): EntryReader[] {
    return [...this.#open.values()].filter((reader) => reader !== undefined);
  }

  #negotiateTag(name: string): IndexerTag {
    const tag = this.#tags.negotiate(name);
    this.#counter.allow(tag);
    return tag;
  }
}
