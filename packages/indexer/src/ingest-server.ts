import type { Socket } from 'node:net';
import { API_VERSION, hashSecret, type IndexerTag, type Tenant } from '@ringest/codec';
import { type Logger, pino } from 'pino';
import { formatListenAddress, type ListenAddress } from './admission/address.js';
import type { Arrival } from './admission/arrival.js';
import { Listener } from './admission/listener.js';
import { Reception } from './admission/reception.js';
import { type IndexerTls, readTls } from './admission/tls-material.js';
import { endStream } from './end-stream.js';
import {
  AuthenticationError,
  ListenError,
  PlannedFailureError,
  TenantRefusedError,
} from './errors.js';
import {
  checkListen,
  checkMaxEntryBytes,
  checkMaxUnauthenticated,
  checkTenants,
  type ListenOptions,
} from './listen-options.js';
import { EntryReader } from './reading/entry-reader.js';
import type { EntryHandler, ReaderLimits } from './reading/message-reader.js';

/** An ingester that was admitted, and is about to send entries. */
export interface AdmittedIngester {
  /** `host:port`, or the path for one that came through a pipe. */
  readonly peer: string;
  /** The tenant that it ingests for (§3); `undefined`: none. */
  readonly tenant: Tenant | undefined;
  /** The names of the tags that it asked for. */
  readonly tags: readonly string[];
  /** The log of its connection. */
  readonly log: Logger;
}

/** The connection of an ingester: its handler, and what is called at its end. */
export interface ServedIngester {
  readonly handler: EntryHandler;
  /** Called with the reader before it reads. */
  begins?(reader: EntryReader): void;
  /** Called when the connection has ended, for whatever reason. */
  ended?(): void;
}

/** The options of an {@link IngestServer}: where it listens, whom it admits, and what becomes of them. */
export interface IngestServerOptions extends ListenOptions {
  /**
   * Whether ingesters without a tenant may ingest although `tenants` names some, or none at all. Default:
   * `false`.
   */
  readonly withoutTenant?: boolean | undefined;
  /** The API version that it has (§2), 0 to 9. Default: the newest. */
  readonly apiVersion?: number | undefined;
  /** Returns the number of a tag that an ingester asks for. @throws {TagNotGrantedError} it cannot have it */
  negotiateTag(name: string, tenant: Tenant | undefined): IndexerTag;
  /** Called with each ingester once it is hot. */
  serve(ingester: AdmittedIngester): ServedIngester;
}

/**
 * Listens, admits ingesters by the handshake (§3), and reads what they send. What becomes of entries is the
 * business of the handlers that `serve` returns.
 */
export class IngestServer {
  readonly #options: IngestServerOptions;
  readonly #addresses: readonly ListenAddress[];
  #tls: IndexerTls | undefined;
  readonly #limits: ReaderLimits;
  readonly #log: Logger;
  readonly #reception: Reception;
  /** The open connections, with their readers once the handshake is done. */
  readonly #open = new Map<Socket, EntryReader | undefined>();
  #refused = 0;
  #listeners: readonly Listener[] = [];
  #opening: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /**
   * Checks the options. It does not listen before {@link listen}.
   *
   * @throws {InvalidAddressError} if an address of `listen` is malformed.
   * @throws {InvalidOptionError} if another option cannot be used.
   */
  constructor(options: IngestServerOptions) {
    const { apiVersion = API_VERSION, logger = pino({ level: 'silent' }) } = options;
    const { addresses, tls } = checkListen(options);
    this.#options = options;
    this.#addresses = addresses;
    this.#tls = tls;
    this.#limits = { apiVersion, maxEntryBytes: checkMaxEntryBytes(options.maxEntryBytes) };
    this.#log = logger;
    this.#reception = new Reception(
      {
        secretHash: hashSecret(options.secret),
        tenants: tenantsOf(options, apiVersion),
        negotiateTag: (name, tenant) => options.negotiateTag(name, tenant),
        apiVersion,
      },
      checkMaxUnauthenticated(options.maxUnauthenticated),
    );
  }

  /**
   * Starts to listen on all addresses. If one of them fails, it listens on none.
   *
   * @returns the first address, see {@link addresses}.
   * @throws {ListenError} if an address cannot be used, or it listens already or is closed.
   */
  async listen(): Promise<string> {
    if (this.#closed !== undefined || this.#listeners.length > 0) {
      const problem = this.#closed === undefined ? 'it listens already' : 'it is closed';
      throw new ListenError(this.addresses[0] as string, problem);
    }
    this.#listeners = this.#addresses.map(
      (address) =>
        new Listener(address, this.#tls, {
          accepted: (arrival) => this.#serve(arrival),
          failed: (err) => this.#log.error({ err }, 'cannot accept connections'),
        }),
    );
    const opening = this.#openAll();
    this.#opening = opening.catch(() => {});
    await opening;
    return this.addresses[0] as string;
  }

  /** The addresses in their order: `tcp://host:port` and `tls://host:port` with the actual port, and `pipe:///path`. */
  get addresses(): string[] {
    return this.#addresses.map(
      (address, i) => this.#listeners[i]?.address ?? formatListenAddress(address),
    );
  }

  /** The readers of all hot connections. */
  get readers(): EntryReader[] {
    return [...this.#open.values()].filter((reader) => reader !== undefined);
  }

  /** How many ingesters did not have the secret, or a tenant that may ingest. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Reads the certificate, the key and the authorities again.
   *
   * @returns what uses them for connections from now on.
   * @throws {InvalidOptionError} if one cannot be read or used.
   */
  renewal(): () => void {
    const { tls } = this.#options;
    if (tls === undefined) return () => {};
    const renewed = readTls(tls);
    return () => {
      this.#tls = renewed;
      for (const listener of this.#listeners) listener.renew(renewed);
    };
  }

  /**
   * Stops listening, confirms what was read and can be confirmed, and ends all connections. Further calls
   * return the same promise.
   */
  close(): Promise<void> {
    this.#closed ??= this.#opening.then(() => this.#closeAll());
    return this.#closed;
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
    let served: ServedIngester | undefined;
    this.#open.set(socket, undefined);
    socket.once('close', () => this.#open.delete(socket));
    try {
      const { stream, ingester } = await this.#reception.receive(arrival);
      const { tenant, tags, rest } = ingester;
      log.info({ tenant: tenant?.name, tags }, 'ingester is hot');
      let reader: EntryReader;
      try {
        served = this.#options.serve({ peer, tenant, tags, log });
        reader = new EntryReader(stream, served.handler, this.#limits);
        served.begins?.(reader);
      } catch (error) {
        // Nobody reads it.
        endStream(stream);
        throw error;
      }
      this.#open.set(socket, reader);
      await reader.run(rest);
      log.info('ingester has left');
    } catch (err) {
      if (err instanceof PlannedFailureError) socket.destroy();
      if (err instanceof AuthenticationError || err instanceof TenantRefusedError) this.#refused++;
      log.warn({ err }, 'ingester is lost');
    } finally {
      served?.ended?.();
    }
  }
}

/** The names of the tenants that may ingest, an empty one for none; `undefined`: all. */
function tenantsOf(
  { tenants, withoutTenant = false }: IngestServerOptions,
  apiVersion: number,
): ReadonlySet<string> | undefined {
  if (withoutTenant && tenants?.length === 0) return new Set(['']);
  const named = checkTenants(tenants, apiVersion);
  return named !== undefined && withoutTenant ? new Set(['', ...named]) : named;
}
