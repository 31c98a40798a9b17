import { randomBytes } from 'node:crypto';
import type { MuxerConfiguration } from '@ringest/core';
import type { TargetChoice } from '@ringest/flags';
import { Indexer } from '@ringest/indexer';
import { CommandError } from '../../errors.js';
import type { OutletStatus } from '../../status/status-reply.js';
import type { EntryCounter } from '../entries/entry-account.js';
import { sharedWait } from '../shared-wait.js';
import { localAddress } from './local-address.js';
import {
  loadPublisher,
  type OpenPublisher,
  type OutputChoice,
  type Publisher,
  type PublisherCounts,
} from './publisher.js';

/** What an outlet tells while it works. */
export interface OutletHost {
  readonly say: (line: string) => void;
  /** Aborted when nothing more is to be read. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  /** The tag of entries that have no other. */
  readonly tag: string;
  /** Whether entries may wait on disk until the queue is there. */
  readonly startsWithout: boolean;
  /** The most bytes of an entry that inputs make. */
  readonly maxBytes: number;
  /** Nothing can be published any more. */
  readonly failed: (error: Error) => void;
}

const NOTHING: PublisherCounts = { published: 0, stored: 0, duplicates: 0 };

/** Longer than anything lasts, in milliseconds. */
const FOR_EVER = 2 ** 31 - 1;

/**
 * Publishes entries to a queue. To the muxer it is an indexer of its own, which confirms an entry once the queue
 * has stored it. So confirmations, back-pressure and the disk cache are what they are with any indexer.
 */
export class Outlet implements AsyncDisposable, EntryCounter {
  /** Where entries go, such as `nats://127.0.0.1:4222 ringest.{tag}`. */
  readonly name: string;
  readonly #indexer: Indexer;
  readonly #secret = randomBytes(32).toString('hex');
  readonly #publishing: Promise<Publisher>;
  readonly #closing = new AbortController();
  readonly #source: string | undefined;
  readonly #barrier: () => Promise<void>;
  #publisher: Publisher | undefined;
  #refused = 0;
  #address = '';

  private constructor(
    open: OpenPublisher,
    { name }: OutputChoice,
    host: OutletHost,
    source: string | undefined,
  ) {
    this.name = name;
    this.#source = source;
    const refused = () => void this.#refused++;
    const signal = AbortSignal.any([host.signal, this.#closing.signal]);
    this.#publishing = open({ ...host, refused, signal }).then((publisher) => {
      this.#publisher = publisher;
      return publisher;
    });
    this.#barrier = sharedWait(async () => (await this.#publishing).barrier());
    this.#indexer = new Indexer({
      listen: '127.0.0.1:0',
      secret: this.#secret,
      onEntry: (view) => {
        const { timestamp, source: from, data, enumeratedValues } = view.decode();
        const tag = this.#indexer.tagOf(view);
        const entry = {
          ...{ tag, timestamp, source: from, data },
          ...(enumeratedValues.length > 0 && { enumeratedValues }),
        };
        if (this.#publisher !== undefined) return this.#publisher.write(entry);
        return this.#publishing.then((publisher) => publisher.write(entry));
      },
      beforeConfirm: () => this.#barrier(),
    });
  }

  /**
   * Connects to the queue, and waits for it unless entries may wait on disk.
   * @throws what cannot be used, or is not there
   */
  static async open(choice: OutputChoice, host: OutletHost): Promise<Outlet> {
    const source = await localAddress(choice.host);
    if (source === undefined) {
      host.say('ringest: there is no way to the queue yet: entries get 127.0.0.1 as their source');
    }
    const outlet = new Outlet(await loadPublisher(choice), choice, host, source);
    if (host.startsWithout) outlet.#reportTo(host);
    else await outlet.#publishing;
    try {
      outlet.#checkSize(host.maxBytes);
      outlet.#address = await outlet.#indexer.listen();
      return outlet;
    } catch (error) {
      await outlet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The muxer's targets. */
  get targets(): TargetChoice {
    return {
      targets: [this.#address],
      secret: this.#secret,
      tlsCa: undefined,
      tlsClient: undefined,
      insecureSkipVerify: false,
      tenant: undefined,
      compression: 'none',
    };
  }

  /**
   * What a muxer needs to know of this indexer: how large entries may be, and that it takes its time.
   * @param source what becomes the source of entries in place of this host's address
   */
  configurationFor(source: string | undefined): Partial<MuxerConfiguration> {
    const maxEntryBytes = this.#publisher?.maxEntryBytes;
    const own = source || this.#source;
    return {
      times: { silence: FOR_EVER, confirmation: FOR_EVER },
      ...(maxEntryBytes !== undefined && { maxEntrySize: maxEntryBytes }),
      ...(own !== undefined && { sourceOverride: own }),
    };
  }

  counts(): PublisherCounts {
    return this.#publisher?.counts() ?? NOTHING;
  }

  /** Counts what is larger than the queue takes. What reads entries counts them. */
  stats() {
    return { entries: 0, refusedLines: this.#refused, unfinishedBytes: 0 };
  }

  status(): OutletStatus {
    return {
      name: this.name,
      isConnected: this.#publisher?.isConnected ?? false,
      ...this.counts(),
    };
  }

  /** Tells that the queue cannot be used, unless nobody waits for it any more. */
  #reportTo({ failed }: OutletHost): void {
    this.#publishing.catch((error: Error) => {
      if (!this.#closing.signal.aborted) failed(error);
    });
  }

  /** @throws {CommandError} inputs make larger entries than the queue takes */
  #checkSize(bytes: number): void {
    const { maxEntryBytes = bytes } = this.#publisher ?? {};
    if (bytes <= maxEntryBytes) return;
    const limit = `${this.name} takes entries of ${maxEntryBytes} bytes`;
    throw new CommandError(`${limit}: give a --max-line-bytes that is not larger`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What was published is confirmed by now, or is not waited for.
    this.#closing.abort();
    // It may come while this closes.
    await this.#publishing.then(
      (publisher) => publisher.close(),
      () => {},
    );
    await this.#indexer.close();
  }
}
