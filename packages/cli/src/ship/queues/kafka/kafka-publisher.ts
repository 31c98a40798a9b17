import { InvalidArgumentError } from '@ringest/core';
import { KafkaSink, type NamedEntry, type SendError } from '@ringest/kafka';
import type { Publisher, PublisherCounts, PublisherHost } from '../publisher.js';
import { entryBytesIn, Unstored } from '../unstored.js';
import { isBrokerAway, KafkaLink } from './kafka-link.js';
import type { KafkaOutput } from './kafka-options.js';

/** Publishes entries to Kafka topics, until brokers have stored them. */
export class KafkaPublisher implements Publisher {
  readonly maxEntryBytes: number;
  readonly #link: KafkaLink;
  readonly #unstored: Unstored;
  readonly #sink: KafkaSink;
  #isConnected = true;
  #isClosing = false;

  private constructor(link: KafkaLink, output: KafkaOutput, sink: KafkaSink, host: PublisherHost) {
    this.#link = link;
    this.#unstored = new Unstored(host);
    this.#sink = sink;
    this.maxEntryBytes = entryBytesIn(output.maxMessageBytes);
  }

  /**
   * Connects, and looks whether there is a topic.
   * @throws {UsageError} a file cannot be read
   * @throws {CommandError} the brokers or the topic cannot be used
   */
  static async open(output: KafkaOutput, host: PublisherHost): Promise<KafkaPublisher> {
    return KafkaLink.open(output, host, async (link) => {
      const { topic } = output;
      await link.checkTopics([topic.replaceAll('{tag}', host.tag)]);
      let publisher: KafkaPublisher | undefined;
      const sink = await KafkaSink.open({
        kafka: link.kafka,
        topic,
        maxRequestBytes: Math.min(512 * 1024, output.maxMessageBytes),
        onUnstored: (error) => (publisher === undefined ? 'fail' : publisher.#fateOf(error)),
      });
      publisher = new KafkaPublisher(link, output, sink, host);
      return publisher;
    });
  }

  /** Whether brokers were there when entries were last sent. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  write(entry: NamedEntry): Promise<void> | undefined {
    try {
      return this.#sink.write(entry);
    } catch (error) {
      // Not every tag can be in the name of a topic.
      if (!(error instanceof InvalidArgumentError)) throw error;
      this.#unstored.refuse(`the tag ${entry.tag}: ${error.message}`);
      return undefined;
    }
  }

  async barrier(): Promise<void> {
    await this.#sink.barrier();
    this.#unstored.clear();
    this.#isConnected = true;
  }

  counts(): PublisherCounts {
    const { published, stored } = this.#sink.stats();
    // Brokers do not say that they have had an entry before.
    return { published, stored, duplicates: 0 };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    // What is not stored by now was not confirmed.
    const closed = this.#sink.close().catch(() => {});
    await this.#link.close();
    await closed;
  }

  #fateOf(error: SendError): 'retry' | 'drop' | 'fail' {
    if (this.#isClosing) return 'fail';
    if (isBrokerAway(error.cause)) this.#isConnected = false;
    return this.#unstored.fateOf(error);
  }
}
