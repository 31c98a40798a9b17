import type { IndexerTag, Tenant } from '@ringest/codec';
import type { CloseReport, MuxerConfiguration, MuxerStats } from '@ringest/core';
import { type AdmittedIngester, IngestServer, type ServedIngester } from '@ringest/indexer';
import { type Logger, pino } from 'pino';
import {
  type CheckedListener,
  checkMuxer,
  checkOptions,
  type RelayOptions,
} from './relay-options.js';
import { grantTag, type Received, RelayedIngester } from './relayed-ingester.js';
import { configurationFor, WayOut } from './way-out.js';

/** How long `start` waits for an indexer before it listens, in milliseconds. */
const FIRST_WAIT_MS = 5000;

const DEFAULT_CLOSE_MS = 10_000;

/** What a relay has received and sent on. */
export interface RelayStats {
  /** In the order of the option `listeners`. */
  readonly listeners: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
    /** How many ingesters are hot. */
    readonly ingesters: number;
    /** Entries that were received, including those that ingesters have sent again. */
    readonly entries: number;
    /** Bytes of data and enumerated values in these entries. */
    readonly bytes: number;
  }[];
  /** The statistics of the muxers by tenant; an empty name: for ingesters without one. */
  readonly muxers: ReadonlyMap<string, MuxerStats>;
}

/** A listener at work. */
interface OpenListener {
  readonly listener: CheckedListener;
  readonly server: IngestServer;
  readonly received: Received;
}

/**
 * Takes entries from ingesters as an indexer does, and sends them on to indexers with muxers of its own. Gravwell
 * calls it a federator. It confirms to an ingester what its indexers have confirmed, or its journal has stored;
 * `docs/relay.md` has the whole.
 * @example
 * ```ts
 * await using relay = new Relay({
 *   listeners: [{ name: 'dmz', listen: 'tcp://0.0.0.0:4023', secret: 'dmz secret', tags: ['syslog'] }],
 *   muxer: { targets: ['tls://10.0.0.1:4024'], secret: 'IngestSecrets' },
 * });
 * await relay.start();
 * ```
 */
export class Relay implements AsyncDisposable {
  readonly #log: Logger;
  readonly #outs: ReadonlyMap<string, WayOut>;
  readonly #listeners: readonly OpenListener[];
  readonly #maxDittoBytes: number;
  #closeTimeout: number;
  #closed: Promise<CloseReport> | undefined;

  /**
   * Checks the options, and reads the files that they name. Nothing connects or listens before `start`.
   * @throws {RelayOptionError | InvalidOptionError | InvalidAddressError} an option cannot be used
   * @throws {ConfigurationError} an option of `muxer` cannot be used; `field` names it
   * @throws {SystemLimitError} the process has too little address space for all lanes
   */
  constructor(options: RelayOptions) {
    const { listeners, muxer, maxDittoBytes, tenants } = checkOptions(options);
    const { logger } = options;
    this.#log = logger ?? pino({ level: 'silent' });
    this.#maxDittoBytes = maxDittoBytes;
    this.#closeTimeout = muxer.closeTimeout ?? DEFAULT_CLOSE_MS;
    const common = { ...(logger && { logger }), ...muxer };
    this.#listeners = listeners.map((one) => this.#createListener(one, muxer.maxEntrySize));
    this.#outs = new Map(
      [...tenants].map((tenant) => [
        tenant,
        new WayOut(configurationFor(tenant, common), this.#log),
      ]),
    );
  }

  /**
   * Starts the muxers, and listens on all addresses: once an indexer is connected, or after five seconds. Until
   * one is, ingesters that come are told to wait, unless there is a journal.
   * @throws {ListenError} an address cannot be used; nothing is left running
   * @throws {CacheLockedError | CacheOpenError} the folder of a cache cannot be used; nothing is left running
   */
  async start(): Promise<void> {
    try {
      for (const { muxer } of this.#outs.values()) muxer.start();
      await Promise.all([...this.#outs.values()].map(firstHot));
      for (const { server } of this.#listeners) await server.listen();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The addresses of all listeners, in their order, with their actual ports. */
  get addresses(): string[] {
    return this.#listeners.flatMap(({ server }) => server.addresses);
  }

  stats(): RelayStats {
    return {
      listeners: this.#listeners.map(({ listener: { name }, server, received }) => ({
        name,
        addresses: server.addresses,
        ingesters: server.readers.length,
        ...received,
      })),
      muxers: new Map([...this.#outs].map(([tenant, { muxer }]) => [tenant, muxer.stats()])),
    };
  }

  /** The muxers by tenant; an empty name: for ingesters without one. Leave it to the relay to start and close them. */
  get muxers(): ReadonlyMap<string, WayOut['muxer']> {
    return new Map([...this.#outs].map(([tenant, { muxer }]) => [tenant, muxer]));
  }

  /**
   * Takes over what can change of the muxers while they run, as `reload` of a muxer: targets, tags and labels.
   * Listeners stay as they are.
   * @throws {RelayOptionError} the configuration would change entries
   * @throws what `reload` of a muxer throws
   */
  async reload(muxer: MuxerConfiguration): Promise<void> {
    checkMuxer(muxer);
    this.#closeTimeout = muxer.closeTimeout ?? DEFAULT_CLOSE_MS;
    for (const [tenant, out] of this.#outs) {
      await out.muxer.reload(configurationFor(tenant, muxer));
    }
  }

  /**
   * Stops listening and reading, waits up to the `closeTimeout` of the muxers until all that was read is
   * confirmed and confirms it to the ingesters, ends all connections, and closes the muxers. If not all was
   * confirmed in time, the muxers wait as long again. Further calls return the same promise.
   * @returns what all muxers together have left behind
   */
  close(): Promise<CloseReport> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<CloseReport> {
    const ended = Promise.all(this.#listeners.map(({ server }) => server.close()));
    for (const out of this.#outs.values()) out.force();
    await within(this.#closeTimeout, ended);
    // Connections that still wait for confirmations get none any more.
    const reports = await Promise.all([...this.#outs.values()].map((out) => out.close()));
    await ended;
    const sum = (field: keyof CloseReport) =>
      reports.reduce((total, report) => total + report[field], 0);
    return { unconfirmed: sum('unconfirmed'), cached: sum('cached') };
  }

  #createListener(listener: CheckedListener, maxEntryBytes: number | undefined): OpenListener {
    const { name, filter, tenants = [] } = listener;
    const logger = this.#log.child({ listener: name });
    const received = { entries: 0, bytes: 0 };
    const server = new IngestServer({
      ...listener,
      maxEntryBytes,
      logger,
      tenants,
      withoutTenant: tenants.length === 0,
      negotiateTag: (tag, tenant): IndexerTag =>
        grantTag(tag, { out: this.#outOf(tenant), filter }),
      serve: (ingester) => this.#serve(ingester, filter, received),
    });
    return { listener, server, received };
  }

  #serve(
    { tenant, tags, peer, log }: AdmittedIngester,
    filter: CheckedListener['filter'],
    received: Received,
  ): ServedIngester {
    const out = this.#outOf(tenant);
    const maxDittoBytes = this.#maxDittoBytes;
    const handler = new RelayedIngester({ out, filter, received, maxDittoBytes, peer, log }, tags);
    return { handler, ended: () => handler.ended() };
  }

  #outOf(tenant: Tenant | undefined): WayOut {
    const out = this.#outs.get(tenant?.name ?? '');
    // Nobody of another tenant is admitted.
    if (out === undefined) throw new Error(`no muxer for the tenant ${tenant?.name}`);
    return out;
  }
}

/** Waits for an indexer or a journal, but not for long. */
async function firstHot({ muxer }: WayOut): Promise<void> {
  await muxer.waitForHot({ timeout: FIRST_WAIT_MS, orCache: true }).catch(() => {});
}

/** Waits for a promise, or so many milliseconds. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, over]).finally(() => clearTimeout(timer));
}
