import { setTimeout as sleep } from 'node:timers/promises';
import { type NatsConnection, headers as newHeaders, nuid } from '@nats-io/nats-core';
import { checkTag } from '@ringest/core';
import {
  check,
  checkLimits,
  entryData,
  entryHeaders,
  headersSize,
  isCount,
  isObject,
  type NamedEntry,
  Signal,
} from '@ringest/queues';
import type { PublishError } from './errors.js';
import { MESSAGE_BYTES } from './pulled-messages.js';
import { leaveStaleConnections } from './stale-connections.js';
import { type StreamMessage, StreamPublisher } from './stream-publisher.js';

/** How entries become messages. */
export interface JetStreamSinkOptions {
  /** A connection that you made. It stays yours: nothing here closes it. */
  readonly connection: NatsConnection;
  /** The subject of all messages; `{tag}` stands for the name of the tag. A stream has to store it. */
  readonly subject: string;
  /** Entries that are published and not stored yet, at most. Default: 4096. */
  readonly maxUnconfirmed?: number;
  /** Bytes that these entries take, about, at most: the one that goes beyond is the last. Default: 16 MiB. */
  readonly maxUnconfirmedBytes?: number;
  /** How often an entry is published again when the stream does not answer. Default: 10. */
  readonly retries?: number;
  /** How long the stream may take to answer, in milliseconds. Default: 5000. */
  readonly timeout?: number;
  /**
   * Says what becomes of an entry that was not stored after all retries. `retry` publishes the same message again
   * after a second, `drop` goes on without it, and `fail` fails the sink. It may throw nothing. Default: `fail`.
   */
  readonly onUnstored?: (error: PublishError) => 'retry' | 'drop' | 'fail';
}

/** The header by which a stream knows that it has a message already. */
const MESSAGE_ID = 'Nats-Msg-Id';

/** How long an entry waits that `onUnstored` wants to have published again. */
const RETRY_MS = 1000;

/**
 * Publishes entries to a JetStream stream, for example where no indexer can be reached. A `JetStreamSource` with `restore`
 * makes the same entries of the messages. An entry that is published twice because an answer was lost is stored once,
 * within the stream's window for duplicates.
 */
export class JetStreamSink {
  readonly #publisher: StreamPublisher<SentEntry>;
  readonly #subject: string;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #onUnstored: NonNullable<JetStreamSinkOptions['onUnstored']>;
  readonly #id = nuid.next();
  readonly #signal = new Signal();
  #published = 0;
  #stored = 0;
  #duplicates = 0;
  #waiting = 0;
  #waitingBytes = 0;
  /** The number of the first entry that is not settled. Those behind it that are, are in the set. */
  #first = 0;
  readonly #settled = new Set<number>();
  #failure: PublishError | undefined;

  /** @throws {InvalidArgumentError} an option cannot be used */
  constructor(options: JetStreamSinkOptions) {
    check('', options, isObject(options), 'an object');
    const { connection, subject, maxUnconfirmed = 4096, retries = 10, timeout = 5000 } = options;
    const { maxUnconfirmedBytes = 16 * 2 ** 20, onUnstored = () => 'fail' } = options;
    const isConnection = typeof connection?.publish === 'function';
    check('connection', connection, isConnection, 'a connection of NATS');
    const isSubject = typeof subject === 'string' && /^[^\s*>]+$/.test(subject);
    check('subject', subject, isSubject, 'a subject without wildcards');
    checkLimits({ maxUnconfirmed, maxUnconfirmedBytes });
    check('retries', retries, Number.isSafeInteger(retries) && retries >= 0, 'a number from 0');
    check('timeout', timeout, isCount(timeout), 'milliseconds, from 1');
    check('onUnstored', onUnstored, typeof onUnstored === 'function', 'a function');
    leaveStaleConnections(connection);
    const patience = { attempts: retries + 1, timeoutMs: timeout };
    this.#publisher = new StreamPublisher(connection, patience, {
      stored: (message, isDuplicate) => this.#store(message, isDuplicate),
      unstored: (message, error) => this.#refuse(message, error),
    });
    this.#subject = subject;
    this.#most = maxUnconfirmed;
    this.#mostBytes = maxUnconfirmedBytes;
    this.#onUnstored = onUnstored;
  }

  /** Entries that were published, those that are stored, and those that the stream had already. */
  stats(): { readonly published: number; readonly stored: number; readonly duplicates: number } {
    return { published: this.#published, stored: this.#stored, duplicates: this.#duplicates };
  }

  /**
   * Publishes an entry. Returns a promise when the next one should wait.
   * @throws {InvalidEntryError | InvalidTagError | InvalidTimestampError | InvalidSourceError |
   *   InvalidEnumeratedValueError} the entry is bad, and was not published
   * @throws {PublishError} an earlier entry was not stored
   */
  write(entry: NamedEntry): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const tag = checkTag(entry.tag);
    const data = entryData(entry);
    const texts = entryHeaders(tag, entry);
    const headers = newHeaders();
    for (const name in texts) headers.set(name, texts[name] as string);
    const bytes = data.length + headersSize(texts) + MESSAGE_BYTES;
    const subject = this.#subject.replaceAll('{tag}', tag);
    const number = this.#published++;
    headers.set(MESSAGE_ID, `${this.#id}.${number}`);
    this.#waiting++;
    this.#waitingBytes += bytes;
    this.#publisher.publish({ number, subject, data, headers, bytes });
    return this.#hasRoom ? undefined : this.#room();
  }

  /**
   * Waits until all entries that were written are stored.
   * @throws {PublishError} one of them is not
   */
  async flush(): Promise<void> {
    await this.#signal.until(() => this.#waiting === 0);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Waits until all entries are stored that were written before this call, however many follow.
   * @throws {PublishError} one of them, or one of those that follow, is not
   */
  async barrier(): Promise<void> {
    const end = this.#published;
    await this.#signal.until(() => this.#first >= end || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  get #hasRoom(): boolean {
    return this.#waiting < this.#most && this.#waitingBytes < this.#mostBytes;
  }

  async #room(): Promise<void> {
    await this.#signal.until(() => this.#hasRoom || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #store(message: SentEntry, isDuplicate: boolean): void {
    if (isDuplicate) this.#duplicates++;
    this.#stored++;
    this.#settle(message);
  }

  #refuse(message: SentEntry, error: PublishError): void {
    const fate = this.#failure === undefined ? this.#onUnstored(error) : 'fail';
    if (fate === 'retry') {
      void sleep(RETRY_MS).then(() => this.#publisher.publish(message));
      return;
    }
    if (fate === 'fail') this.#failure ??= error;
    this.#settle(message);
  }

  #settle({ number, bytes }: SentEntry): void {
    this.#waiting--;
    this.#waitingBytes -= bytes;
    this.#settled.add(number);
    while (this.#settled.delete(this.#first)) this.#first++;
    this.#signal.tell();
  }
}

interface SentEntry extends StreamMessage {
  /** What it takes, about. */
  readonly bytes: number;
}
