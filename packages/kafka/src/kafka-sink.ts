import { setTimeout as sleep } from 'node:timers/promises';
import { checkTag } from '@ringest/core';
import {
  check,
  checkLimits,
  entryData,
  entryHeaders,
  headersSize,
  isCount,
  isObject,
  isText,
  type NamedEntry,
  Signal,
} from '@ringest/queues';
import type { Kafka, Message, Producer, ProducerConfig } from 'kafkajs';
import { SendError } from './errors.js';
import { OutgoingMessages } from './outgoing-messages.js';
import { StickyPartitions } from './sticky-partitions.js';
import { isTopic } from './topics.js';

/** How entries become messages. */
export interface KafkaSinkOptions {
  /** A client of kafkajs that you made, with its brokers, credentials, TLS and log. */
  readonly kafka: Kafka;
  /** The topic of all messages; `{tag}` stands for the name of the tag. It has to exist. */
  readonly topic: string;
  /** Entries that are written and not stored yet, at most. Default: 10,000. */
  readonly maxUnconfirmed?: number;
  /** Bytes that these entries take, about, at most: the one that goes beyond is the last. Default: 16 MiB. */
  readonly maxUnconfirmedBytes?: number;
  /**
   * Bytes of the messages of one request, about; a larger message goes alone. Brokers take 1 MiB unless their
   * `message.max.bytes` says otherwise. Default: 512 KiB.
   */
  readonly maxRequestBytes?: number;
  /**
   * Says what becomes of entries that were not stored after all that kafkajs has tried. `retry` sends them again after a
   * second, `drop` goes on without them, and `fail` fails the sink. It may throw nothing. Default: `fail`.
   */
  readonly onUnstored?: (error: SendError) => 'retry' | 'drop' | 'fail';
  /** More settings of the producer of kafkajs, such as how often it sends again when brokers do not answer. */
  readonly producer?: Readonly<Omit<ProducerConfig, 'createPartitioner' | 'transactionalId'>>;
}

/** What a sink has done so far. */
export interface KafkaSinkStats {
  /** Entries that were written. */
  readonly published: number;
  /** Those among them that all replicas in sync have. */
  readonly stored: number;
  /** Requests that carried them. */
  readonly requests: number;
}

/** About what a message takes beside its data and headers. */
const MESSAGE_BYTES = 100;

/** How long entries wait that `onUnstored` wants to have sent again. */
const RETRY_MS = 1000;

/**
 * Publishes entries to Kafka, for example where no indexer can be reached. A `KafkaSource` with `restore` makes the same
 * entries of the messages. For each topic one request is on its way, and what is written meanwhile goes into the next.
 * A request whose answer is lost is sent again, so its entries may be stored twice.
 */
export class KafkaSink {
  readonly #producer: Producer;
  readonly #partitions: StickyPartitions;
  readonly #topic: string;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #requestBytes: number;
  readonly #onUnstored: NonNullable<KafkaSinkOptions['onUnstored']>;
  readonly #outgoing = new Map<string, OutgoingMessages>();
  readonly #signal = new Signal();
  #published = 0;
  #stored = 0;
  #requests = 0;
  #waiting = 0;
  #waitingBytes = 0;
  #failure: SendError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    producer: Producer,
    partitions: StickyPartitions,
    options: Required<KafkaSinkOptions>,
  ) {
    this.#producer = producer;
    this.#partitions = partitions;
    this.#topic = options.topic;
    this.#most = options.maxUnconfirmed;
    this.#mostBytes = options.maxUnconfirmedBytes;
    this.#requestBytes = options.maxRequestBytes;
    this.#onUnstored = options.onUnstored;
  }

  /**
   * Connects to the brokers.
   * @throws {InvalidArgumentError} an option cannot be used
   * @throws {KafkaJSError} no broker answers, or refuses the client
   */
  static async open(options: KafkaSinkOptions): Promise<KafkaSink> {
    check('', options, isObject(options), 'an object');
    const { kafka, topic, producer: more = {} } = options;
    const {
      maxUnconfirmed = 10_000,
      maxUnconfirmedBytes = 16 * 2 ** 20,
      maxRequestBytes = 512 * 1024,
      onUnstored = () => 'fail',
    } = options;
    check('kafka', kafka, typeof kafka?.producer === 'function', 'a client of kafkajs');
    const isPattern = isText(topic) && isTopic(topic.replaceAll('{tag}', 'x'));
    check('topic', topic, isPattern, 'the name of a topic, with {tag} for that of the tag');
    checkLimits({ maxUnconfirmed, maxUnconfirmedBytes });
    check('maxRequestBytes', maxRequestBytes, isCount(maxRequestBytes), 'bytes, from 1');
    check('onUnstored', onUnstored, typeof onUnstored === 'function', 'a function');
    check('producer', more, isObject(more), 'an object');
    const partitions = new StickyPartitions();
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      ...more,
      createPartitioner: () => partitions.choose,
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect();
      throw error;
    }
    const limits = { maxUnconfirmed, maxUnconfirmedBytes, maxRequestBytes };
    const checked = { kafka, topic, ...limits, onUnstored, producer: more };
    return new KafkaSink(producer, partitions, checked);
  }

  stats(): KafkaSinkStats {
    return { published: this.#published, stored: this.#stored, requests: this.#requests };
  }

  /**
   * Publishes an entry. Returns a promise when the next one should wait.
   * @throws {InvalidEntryError | InvalidTagError | InvalidTimestampError | InvalidSourceError |
   *   InvalidEnumeratedValueError} the entry is bad, and was not published
   * @throws {InvalidArgumentError} the topic of the tag cannot be one, and the entry was not published
   * @throws {SendError} earlier entries were not stored
   */
  write(entry: NamedEntry): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const tag = checkTag(entry.tag);
    const headers = entryHeaders(tag, entry);
    const value = entryData(entry);
    const outgoing = this.#outgoingOf(this.#topic.replaceAll('{tag}', tag));
    const bytes = value.length + MESSAGE_BYTES + headersSize(headers);
    outgoing.add({ value, headers }, bytes);
    this.#published++;
    this.#waiting++;
    this.#waitingBytes += bytes;
    if (!outgoing.isSending) void this.#send(outgoing);
    return this.#hasRoom ? undefined : this.#room();
  }

  /**
   * Waits until all entries that were written are stored.
   * @throws {SendError} some of them are not
   */
  async flush(): Promise<void> {
    await this.#signal.until(() => this.#waiting === 0 || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Waits until all entries are stored that were written before this call, however many follow.
   * @throws {SendError} some of them, or of those that follow, are not
   */
  async barrier(): Promise<void> {
    const all = [...this.#outgoing.values()].map((outgoing) => ({ outgoing, end: outgoing.added }));
    const areSettled = () => all.every(({ outgoing, end }) => outgoing.settled >= end);
    await this.#signal.until(() => areSettled() || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Waits as `flush` does, and disconnects.
   * @throws {SendError} some entries are not stored
   */
  close(): Promise<void> {
    this.#closing ??= this.flush().finally(() => this.#producer.disconnect());
    return this.#closing;
  }

  get #hasRoom(): boolean {
    return this.#waiting < this.#most && this.#waitingBytes < this.#mostBytes;
  }

  async #room(): Promise<void> {
    await this.#signal.until(() => this.#hasRoom || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** @throws {InvalidArgumentError} there can be no such topic */
  #outgoingOf(topic: string): OutgoingMessages {
    const known = this.#outgoing.get(topic);
    if (known !== undefined) return known;
    check('topic', topic, isTopic(topic), 'letters, digits, dots, - and _, with any tag');
    const outgoing = new OutgoingMessages(topic);
    this.#outgoing.set(topic, outgoing);
    return outgoing;
  }

  /** Sends what waits for a topic, one request after the other. */
  async #send(outgoing: OutgoingMessages): Promise<void> {
    outgoing.isSending = true;
    // What is written in the same turn goes along.
    await Promise.resolve();
    while (!outgoing.isEmpty && this.#failure === undefined) {
      const { messages, bytes } = outgoing.take(this.#requestBytes);
      await this.#store(outgoing.topic, messages);
      if (this.#failure === undefined) {
        outgoing.settled += messages.length;
        this.#waiting -= messages.length;
        this.#waitingBytes -= bytes;
      }
      this.#signal.tell();
    }
    outgoing.isSending = false;
  }

  /** Sends messages until they are stored, or given up. */
  async #store(topic: string, messages: Message[]): Promise<void> {
    while (this.#failure === undefined) {
      this.#requests++;
      try {
        await this.#producer.send({ topic, messages });
        this.#stored += messages.length;
        return;
      } catch (cause) {
        const error = SendError.of(topic, messages.length, cause);
        if (error.isTooLarge && messages.length > 1) {
          const half = messages.length >> 1;
          await this.#store(topic, messages.slice(0, half));
          return this.#store(topic, messages.slice(half));
        }
        const fate = this.#failure === undefined ? this.#onUnstored(error) : 'fail';
        if (fate === 'fail') this.#failure ??= error;
        if (fate === 'drop') return;
        if (fate === 'retry') await sleep(RETRY_MS);
      } finally {
        this.#partitions.next(topic);
      }
    }
  }
}
