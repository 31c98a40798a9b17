import { messageOf } from '@ringest/codec';
import {
  check,
  entryData,
  entryHeaders,
  isCount,
  isObject,
  isText,
  type NamedEntry,
  Signal,
} from '@ringest/queues';
import type { Kafka, Message, Producer, ProducerConfig } from 'kafkajs';
import { SendError } from './errors.js';
import { StickyPartitions } from './sticky-partitions.js';

/** How entries become messages. */
export interface KafkaSinkOptions {
  /** A client of kafkajs that you made, with its brokers, credentials, TLS and log. */
  readonly kafka: Kafka;
  /** The topic of all messages; `{tag}` stands for the name of the tag. It has to exist. */
  readonly topic: string;
  /** Entries that are written and not stored yet, at most. Default: 10,000. */
  readonly maxUnconfirmed?: number;
  /**
   * Bytes of the messages of one request, about; a larger message goes alone. Brokers take 1 MiB unless their
   * `message.max.bytes` says otherwise. Default: 512 KiB.
   */
  readonly maxRequestBytes?: number;
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

/** Messages of a topic that wait, and whether a request is on its way. */
interface Outgoing {
  readonly topic: string;
  messages: Message[];
  sizes: number[];
  isSending: boolean;
}

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
  readonly #requestBytes: number;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #signal = new Signal();
  #published = 0;
  #stored = 0;
  #requests = 0;
  #waiting = 0;
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
    this.#requestBytes = options.maxRequestBytes;
  }

  /**
   * Connects to the brokers.
   * @throws {InvalidArgumentError} an option cannot be used
   * @throws {KafkaJSError} no broker answers, or refuses the client
   */
  static async open(options: KafkaSinkOptions): Promise<KafkaSink> {
    check('', options, isObject(options), 'an object');
    const { kafka, topic, producer: more = {} } = options;
    const { maxUnconfirmed = 10_000, maxRequestBytes = 512 * 1024 } = options;
    check('kafka', kafka, typeof kafka?.producer === 'function', 'a client of kafkajs');
    const isTopic = isText(topic) && /^[\w.-]{1,249}$/.test(topic.replaceAll('{tag}', 'x'));
    check('topic', topic, isTopic, 'the name of a topic, with {tag} for that of the tag');
    check('maxUnconfirmed', maxUnconfirmed, isCount(maxUnconfirmed), 'a number from 1');
    check('maxRequestBytes', maxRequestBytes, isCount(maxRequestBytes), 'bytes, from 1');
    check('producer', more, isObject(more), 'an object');
    const partitions = new StickyPartitions();
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      ...more,
      createPartitioner: () => partitions.choose,
    });
    await producer.connect();
    const checked = { kafka, topic, maxUnconfirmed, maxRequestBytes, producer: more };
    return new KafkaSink(producer, partitions, checked);
  }

  stats(): KafkaSinkStats {
    return { published: this.#published, stored: this.#stored, requests: this.#requests };
  }

  /**
   * Publishes an entry. Returns a promise when the next one should wait.
   * @throws {InvalidEntryError | InvalidTagError | InvalidTimestampError | InvalidSourceError |
   *   InvalidEnumeratedValueError} the entry is bad, and was not published
   * @throws {SendError} earlier entries were not stored
   */
  write(entry: NamedEntry): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const headers = entryHeaders(entry);
    const value = entryData(entry);
    const topic = this.#topic.replaceAll('{tag}', entry.tag);
    let outgoing = this.#outgoing.get(topic);
    if (outgoing === undefined) {
      outgoing = { topic, messages: [], sizes: [], isSending: false };
      this.#outgoing.set(topic, outgoing);
    }
    outgoing.messages.push({ value, headers });
    outgoing.sizes.push(value.length + MESSAGE_BYTES + sizeOf(headers));
    this.#published++;
    this.#waiting++;
    if (!outgoing.isSending) void this.#send(outgoing);
    return this.#waiting < this.#most ? undefined : this.#room();
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
   * Waits as `flush` does, and disconnects.
   * @throws {SendError} some entries are not stored
   */
  close(): Promise<void> {
    this.#closing ??= this.flush().finally(() => this.#producer.disconnect());
    return this.#closing;
  }

  async #room(): Promise<void> {
    await this.#signal.until(() => this.#waiting < this.#most || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends what waits for a topic, one request after the other. */
  async #send(outgoing: Outgoing): Promise<void> {
    const { topic } = outgoing;
    outgoing.isSending = true;
    // What is written in the same turn goes along.
    await Promise.resolve();
    while (outgoing.messages.length > 0 && this.#failure === undefined) {
      const messages = this.#taken(outgoing);
      try {
        this.#requests++;
        await this.#producer.send({ topic, messages });
        this.#partitions.next(topic);
        this.#stored += messages.length;
        this.#waiting -= messages.length;
      } catch (error) {
        this.#failure ??= new SendError(topic, messageOf(error), { cause: error });
      }
      this.#signal.tell();
    }
    outgoing.isSending = false;
  }

  /** As many messages as a request may carry, and at least one. */
  #taken(outgoing: Outgoing): Message[] {
    let bytes = 0;
    let count = 0;
    for (const size of outgoing.sizes) {
      bytes += size;
      if (count > 0 && bytes > this.#requestBytes) break;
      count++;
    }
    outgoing.sizes.splice(0, count);
    return outgoing.messages.splice(0, count);
  }
}

function sizeOf(headers: Readonly<Record<string, string>>): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) size += name.length + value.length;
  return size;
}
