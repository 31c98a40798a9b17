import { InvalidArgumentError, InvalidTagError } from '@ringest/core';
import { KafkaSource, type PoisonMessage } from '@ringest/kafka';
import { UsageError } from '../../../errors.js';
import type { Queue, QueueCounts, QueueHost } from '../queue.js';
import { RareLines, undatedLine } from '../rare-lines.js';
import { SourceRun } from '../run-source.js';
import { readAllCompressions } from './decompression.js';
import { KafkaLink } from './kafka-link.js';
import type { KafkaInput } from './kafka-options.js';

/** Signs of life in the time after which a silent process loses its partitions. */
const BEATS = 10;

/** How long a fetch waits for messages, in milliseconds; the end of a process waits for it. */
const FETCH_MS = 500;

/** A group that changes can be left after the next signs of life of the others, and so much later, in milliseconds. */
const LEAVE_MS = 1000;

/** The messages of Kafka topics, as a member of a consumer group. */
export class KafkaQueue implements Queue {
  readonly name: string;
  readonly #link: KafkaLink;
  readonly #source: KafkaSource;
  readonly #input: KafkaInput;
  readonly #run: SourceRun;

  private constructor(input: KafkaInput, link: KafkaLink, source: KafkaSource) {
    this.name = `kafka://${input.brokers.join(',')} ${input.topics.join(',')}/${input.group}`;
    this.#input = input;
    this.#link = link;
    this.#source = source;
    this.#run = new SourceRun(source);
  }

  /**
   * Connects, and finds the topics.
   * @throws {UsageError} a file cannot be read, or a rule cannot be used
   * @throws {CommandError} the brokers or the topics cannot be used
   */
  static async open(input: KafkaInput, host: QueueHost): Promise<KafkaQueue> {
    readAllCompressions();
    return KafkaLink.open(input, host, async (link) => {
      await link.checkTopics(input.topics);
      try {
        const options = { kafka: link.kafka, ...sourceOptions(input, host) };
        return new KafkaQueue(input, link, await KafkaSource.open(host.writer, options));
      } catch (error) {
        const isRule = error instanceof InvalidTagError || error instanceof InvalidArgumentError;
        if (isRule) throw new UsageError(`--kafka-tag: ${error.message}`, { cause: error });
        throw error;
      }
    });
  }

  counts(): QueueCounts {
    const { received, committed, redelivered, poison, retried, undated, unconfirmed } =
      this.#source.stats();
    return {
      pulled: received,
      // Those that are skipped are among them.
      acknowledged: committed,
      redelivered,
      terminated: poison,
      ...{ undated, unconfirmed },
      returned: retried,
    };
  }

  async run(): Promise<void> {
    const isEmpty = () => this.#isEmpty();
    await this.#run.run(this.name, this.#input.endsWhenEmpty ? isEmpty : undefined);
  }

  stop(): void {
    void this.#run.stop();
  }

  async close(): Promise<void> {
    await this.#run.stopWithin(beatMs(this.#input) + LEAVE_MS);
    await this.#link.close();
  }

  /** Whether the group has committed all that the topics have. */
  async #isEmpty(): Promise<boolean> {
    const { admin } = this.#link;
    const { group: groupId, topics } = this.#input;
    try {
      const found = await admin.fetchOffsets({ groupId, topics: [...topics] });
      const committed = new Map(
        found.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => [`${topic}/${partition}`, BigInt(offset)]),
        ),
      );
      for (const topic of topics) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const next = committed.get(`${topic}/${partition}`) ?? -1n;
          // What is older than `low` was deleted.
          if (next < BigInt(high) && BigInt(low) < BigInt(high)) return false;
        }
      }
      return true;
    } catch {
      // Brokers that are away say so elsewhere.
      return false;
    }
  }
}

const beatMs = ({ sessionTimeoutMs }: KafkaInput) => Math.ceil(sessionTimeoutMs / BEATS);

function sourceOptions(input: KafkaInput, { writer, tag, source, say }: QueueHost) {
  const { topics, group, rules, time, sourceHeader, headers, key, metadata, poison, from } = input;
  const lines = new RareLines(say);
  const onPoison = ({ message }: Error, { topic, partition, offset }: PoisonMessage) => {
    writer.refuse();
    const place = `offset ${offset} of partition ${partition} of ${topic}`;
    lines.write(`ringest: ${place}: ${message}: it is skipped`);
  };
  return {
    ...{ topics, headers, metadata, poison, onPoison, from },
    onUndated: (value: string | undefined) => lines.write(undatedLine(value, 'of the message')),
    groupId: group,
    tag: [...rules, { topic: '>', tag }],
    // What is not in the data is that of the message.
    time: time === 'data' ? ('message' as const) : time,
    ...(key !== undefined && { key }),
    ...(sourceHeader !== undefined && { source: { header: sourceHeader } }),
    ...(sourceHeader === undefined && source !== undefined && { source }),
    restore: input.restores,
    maxUnconfirmed: input.maxUnconfirmed,
    consumer: {
      sessionTimeout: input.sessionTimeoutMs,
      heartbeatInterval: beatMs(input),
      maxWaitTimeInMs: FETCH_MS,
    },
  };
}
