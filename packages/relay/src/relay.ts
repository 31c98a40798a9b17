import type { Tenant } from '@ringest/codec';
import type { CloseReport, MuxerConfiguration, MuxerStats, WaitOptions } from '@ringest/core';
import { type AdmittedIngester, IngestServer, type ServedIngester } from '@ringest/indexer';
import { type Logger, pino } from 'pino';
import { RelayReloadError } from './errors.js';
import { ListenerTags } from './listener-tags.js';
import {
  type CheckedListener,
  checkMuxer,
  checkOptions,
  type RelayOptions,
} from './relay-options.js';
import { type Received, RelayedIngester, type RelayedIngesterParts } from './relayed-ingester.js';
import { configurationFor, WayOut } from './way-out.js';

/** How long `start` waits for an indexer before it listens, in milliseconds. */
const FIRST_WAIT_MS = 5000;

const DEFAULT_CLOSE_MS = 10_000;

/** A listener of a relay: counts since the start. */
export interface RelayListenerStats {
  readonly name: string;
  /** With their actual ports. */
  readonly addresses: readonly string[];
  /** How many ingesters are connected, and may ingest. */
  readonly ingesters: number;
  /** Ingesters that did not have the secret, or a tenant that may ingest. */
  readonly refusedIngesters: number;
  /** Requests for a tag that were refused. */
  readonly refusedTags: number;
  /** Entries that were received, including those that ingesters have sent again. */
  readonly entries: number;
  /** Bytes of data and enumerated values in these entries. */
  readonly bytes: number;
}

/** What a relay has received and sent on. */
export interface RelayStats {
  /** In the order of the option `listeners`. */
  readonly listeners: readonly RelayListenerStats[];
  /** The statistics of the muxers by tenant; an empty name: for ingesters without one. */
  readonly muxers: ReadonlyMap<string, MuxerStats>;
}

/** A listener at work. */
interface OpenListener {
  readonly name: string;
  readonly server: IngestServer;
  readonly tags: ListenerTags;
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
    this.#outs = new Map(
      [...tenants].map((tenant) => [
        tenant,
        new WayOut(configurationFor(tenant, common), this.#log),
      ]),
    );
    // After the muxers, which check the options that listeners take from them.
    this.#listeners = listeners.map((one) => this.#createListener(one, muxer.maxEntrySize));
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

  /** What it has received so far, by listener, and sent on, by tenant. */
  stats(): RelayStats {
    return {
      listeners: this.#listeners.map(({ name, server, tags, received }) => ({
        name,
        addresses: server.addresses,
        ingesters: server.readers.length,
        refusedIngesters: server.refused,
        refusedTags: tags.refused,
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
   * Listeners stay as they are, but read their certificates and keys again. All muxers change at the same time, and
   * none waits for another one.
   * @param options how long it waits until targets that are gone have confirmed what they have
   * @throws {RelayOptionError} the configuration would change entries; nothing has changed then
   * @throws {InvalidOptionError} a certificate or a key cannot be used; nothing has changed then
   * @throws what `checkReload` of a muxer throws; nothing has changed then
   * @throws {RelayReloadError} some muxers have not replaced all of their targets
   */
  async reload(muxer: MuxerConfiguration, options: WaitOptions = {}): Promise<void> {
    checkMuxer(muxer);
    const nexts = [...this.#outs].map(([tenant, out]) => {
      const next = configurationFor(tenant, muxer);
      out.muxer.checkReload(next, options);
      return { tenant, out, next };
    });
    const renewals = this.#listeners.map(({ server }) => server.renewal());
    for (const renew of renewals) renew();
    this.#closeTimeout = muxer.closeTimeout ?? DEFAULT_CLOSE_MS;
    const failures = await Promise.all(
      nexts.map(async ({ tenant, out, next }) => {
        try {
          await out.muxer.reload(next, options);
          return [];
        } catch (error) {
          return [{ tenant, error }];
        }
      }),
    );
    const [first, ...others] = failures.flat();
    if (first === undefined) return;
    throw new RelayReloadError(
      [first, ...others].map(({ tenant }) => tenant),
      first.error,
    );
  }

  /**
   * Stops listening and reading, waits up to the `closeTimeout` of the muxers until all that was read is
   * confirmed and confirms it to the ingesters, ends all connections, and closes the muxers, which put the rest
   * into their caches. Further calls return the same promise.
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
    const deadline = performance.now() + this.#closeTimeout;
    const ended = Promise.all(this.#listeners.map(({ server }) => server.close()));
    for (const out of this.#outs.values()) out.force();
    await within(this.#closeTimeout, ended);
    // Connections that still wait for confirmations get none any more.
    const timeout = Math.max(1, deadline - performance.now());
    const outs = [...this.#outs.values()];
    const reports = await Promise.all(outs.map((out) => out.close({ timeout })));
    await ended;
    const sum = (field: keyof CloseReport) =>
      reports.reduce((total, report) => total + report[field], 0);
    return { unconfirmed: sum('unconfirmed'), cached: sum('cached') };
  }

  #createListener(listener: CheckedListener, maxEntryBytes: number | undefined): OpenListener {
    const { name, filter, maxTags, tenants = [] } = listener;
    const logger = this.#log.child({ listener: name });
    const received = { entries: 0, bytes: 0 };
    const tags = new ListenerTags(filter, maxTags);
    const server = new IngestServer({
      ...listener,
      maxEntryBytes,
      logger,
      tenants,
      withoutTenant: tenants.length === 0,
      negotiateTag: (tag, tenant) => tags.grant(tag, this.#outOf(tenant)),
      serve: (ingester) => this.#serve(ingester, { listener: name, tags, received }),
    });
    return { name, server, tags, received };
  }

  #serve(
    { tenant, tags, peer, log }: AdmittedIngester,
    parts: Pick<RelayedIngesterParts, 'listener' | 'tags' | 'received'>,
  ): ServedIngester {
    const out = this.#outOf(tenant);
    const maxDittoBytes = this.#maxDittoBytes;
    const handler = new RelayedIngester({ ...parts, out, maxDittoBytes, peer, log }, tags);
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
