import { type JetStreamClient, jetstream, type PubAck } from '@nats-io/jetstream';
import { type NatsConnection, headers as newHeaders, nuid } from '@nats-io/nats-core';
import { messageOf } from '@ringest/codec';
import {
  check,
  entryData,
  entryHeaders,
  isCount,
  isObject,
  type NamedEntry,
  Signal,
} from '@ringest/queues';
import { PublishError } from './errors.js';

/** How entries become messages. */
export interface JetStreamSinkOptions {
  /** A connection that you made. It stays yours: nothing here closes it. */
  readonly connection: NatsConnection;
  /** The subject of all messages; `{tag}` stands for the name of the tag. A stream has to store it. */
  readonly subject: string;
  /** Entries that are published and not stored yet, at most. Default: 4096. */
  readonly maxUnconfirmed?: number;
  /** How often an entry is published again when the stream does not answer. Default: 10. */
  readonly retries?: number;
  /** How long the stream may take to answer, in milliseconds. Default: 5000. */
  readonly timeout?: number;
}

/**
 * Publishes entries to a JetStream stream, for example where no indexer can be reached. A `JetStreamSource` with `restore`
 * makes the same entries of the messages. An entry that is published twice because an answer was lost is stored once,
 * within the stream's window for duplicates.
 */
export class JetStreamSink {
  readonly #stream: JetStreamClient;
  readonly #subject: string;
  readonly #most: number;
  readonly #retries: number;
  readonly #timeout: number;
  readonly #id = nuid.next();
  readonly #signal = new Signal();
  #published = 0;
  #stored = 0;
  #duplicates = 0;
  #waiting = 0;
  #failure: PublishError | undefined;

  /** @throws {InvalidArgumentError} an option cannot be used */
  constructor(options: JetStreamSinkOptions) {
    check('', options, isObject(options), 'an object');
    const { connection, subject, maxUnconfirmed = 4096, retries = 10, timeout = 5000 } = options;
    const isConnection = typeof connection?.publish === 'function';
    check('connection', connection, isConnection, 'a connection of NATS');
    const isSubject = typeof subject === 'string' && /^[^\s*>]+$/.test(subject);
    check('subject', subject, isSubject, 'a subject without wildcards');
    check('maxUnconfirmed', maxUnconfirmed, isCount(maxUnconfirmed), 'a number from 1');
    check('retries', retries, Number.isSafeInteger(retries) && retries >= 0, 'a number from 0');
    check('timeout', timeout, isCount(timeout), 'milliseconds, from 1');
    this.#stream = jetstream(connection);
    this.#subject = subject;
    this.#most = maxUnconfirmed;
    this.#retries = retries;
    this.#timeout = timeout;
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
    const data = entryData(entry);
    const headers = newHeaders();
    for (const [name, value] of Object.entries(entryHeaders(entry))) headers.set(name, value);
    const subject = this.#subject.replaceAll('{tag}', entry.tag);
    const msgID = `${this.#id}.${this.#published++}`;
    this.#waiting++;
    this.#publish(subject, data, { headers, msgID });
    if (this.#waiting < this.#most) return undefined;
    return this.#room();
  }

  /**
   * Waits until all entries that were written are stored.
   * @throws {PublishError} one of them is not
   */
  async flush(): Promise<void> {
    await this.#signal.until(() => this.#waiting === 0);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #room(): Promise<void> {
    await this.#signal.until(() => this.#waiting < this.#most || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #publish(subject: string, data: Uint8Array, options: Publishing): void {
    // The library counts the first time, too.
    const more = { retries: this.#retries + 1, timeout: this.#timeout };
    this.#stream.publish(subject, data, { ...options, ...more }).then(
      (answer) => this.#store(answer),
      (error: Error) => this.#refuse(subject, error),
    );
  }

  #store({ duplicate }: PubAck): void {
    if (duplicate) this.#duplicates++;
    this.#stored++;
    this.#settle();
  }

  #refuse(subject: string, error: Error): void {
    this.#failure ??= new PublishError(subject, messageOf(error), { cause: error });
    this.#settle();
  }

  #settle(): void {
    this.#waiting--;
    this.#signal.tell();
  }
}

interface Publishing {
  readonly headers: ReturnType<typeof newHeaders>;
  readonly msgID: string;
}
