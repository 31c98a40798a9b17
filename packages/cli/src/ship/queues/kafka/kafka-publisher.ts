import { InvalidArgumentError } from '@ringest/core';
import { KafkaSink, type NamedEntry, type SendError } from '@ringest/kafka';
import type { Publisher, PublisherCounts, PublisherHost } from '../publisher.js';
import { isBrokerAway, KafkaLink } from './kafka-link.js';
import type { KafkaOutput } from './kafka-options.js';

/** What headers with the tag, the time, the source and some values may take of a message. */
const HEADER_BYTES = 16_384;

/** Publishes entries to Kafka topics, until brokers have stored them. */
export class KafkaPublisher implements Publisher {
  readonly maxEntryBytes: number;
  readonly #link: KafkaLink;
  readonly #host: PublisherHost;
  readonly #sink: KafkaSink;
  /** Why entries are not stored for now; it is said once. */
  #trouble = '';
  #isConnected = true;
  #isClosing = false;

  private constructor(link: KafkaLink, output: KafkaOutput, sink: KafkaSink, host: PublisherHost) {
    this.#link = link;
    this.#host = host;
    this.#sink = sink;
    this.maxEntryBytes = Math.max(1, output.maxMessageBytes - HEADER_BYTES);
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
      this.#host.refused();
      this.#say(`the tag ${entry.tag}: ${error.message}: it is refused`);
      return undefined;
    }
  }

  async barrier(): Promise<void> {
    await this.#sink.barrier();
    this.#trouble = '';
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
    const fate = error.isTooLarge ? 'drop' : 'retry';
    if (fate === 'drop') this.#host.refused();
    if (isBrokerAway(error.cause)) this.#isConnected = false;
    const what = fate === 'drop' ? 'it is refused' : 'sending again until it is';
    this.#say(`${error.message}: ${what}`);
    return fate;
  }

  #say(trouble: string): void {
    if (this.#trouble !== trouble) this.#host.say(`ringest: ${trouble}`);
    this.#trouble = trouble;
  }
}
