import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { InvalidArgumentError, InvalidTagError } from '@ringest/core';
import { JetStreamSource, type PoisonMessage } from '@ringest/nats';
import { UsageError } from '../../../errors.js';
import type { Queue, QueueCounts, QueueHost } from '../queue.js';
import { SourceRun } from '../run-source.js';
import { NatsLink } from './nats-connection.js';
import type { NatsInput } from './nats-options.js';
import { createConsumer, createStream } from './nats-setup.js';

/** The messages of a JetStream stream, by a durable consumer that other processes may share. */
export class NatsQueue implements Queue {
  readonly name: string;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #source: JetStreamSource;
  readonly #input: NatsInput;
  readonly #run: SourceRun;

  private constructor(
    input: NatsInput,
    connection: NatsConnection,
    manager: JetStreamManager,
    source: JetStreamSource,
  ) {
    this.name = nameOf(input);
    this.#input = input;
    this.#connection = connection;
    this.#manager = manager;
    this.#source = source;
    this.#run = new SourceRun(source);
  }

  /**
   * Connects, makes what is missing if that is wanted, and finds the consumer.
   * @throws {UsageError} a file cannot be read, or a rule cannot be used
   * @throws {CommandError} the servers, the stream or the consumer cannot be used
   */
  static async open(input: NatsInput, host: QueueHost): Promise<NatsQueue> {
    return NatsLink.open(input, host, async ({ connection }) => {
      const manager = await jetstreamManager(connection);
      await createStream(manager, input, input.stream, host.say);
      await createConsumer(manager, input, input, host.say);
      await warnOfLimits(manager, input, host.say);
      const source = await openSource(connection, input, host);
      return new NatsQueue(input, connection, manager, source);
    });
  }

  counts(): QueueCounts {
    const { received, acknowledged, redelivered, terminated, retried, unconfirmed } =
      this.#source.stats();
    return {
      pulled: received,
      ...{ acknowledged, redelivered, terminated, unconfirmed },
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
    this.stop();
    await this.#connection.close();
  }

  /** Whether nothing is to be delivered, and nothing that was delivered to whomever is not acknowledged. */
  async #isEmpty(): Promise<boolean> {
    const { stream, consumer } = this.#input;
    try {
      const info = await this.#manager.consumers.info(stream, consumer);
      return info.num_pending === 0 && info.num_ack_pending === 0;
    } catch {
      // A server that is away says so elsewhere.
      return false;
    }
  }
}

/** @throws {UsageError} a rule cannot be used */
async function openSource(
  connection: NatsConnection,
  input: NatsInput,
  host: QueueHost,
): Promise<JetStreamSource> {
  try {
    const options = { connection, ...sourceOptions(input, host) };
    return await JetStreamSource.open(host.writer, options);
  } catch (error) {
    const isRule = error instanceof InvalidTagError || error instanceof InvalidArgumentError;
    if (isRule) throw new UsageError(`--nats-tag: ${error.message}`, { cause: error });
    throw error;
  }
}

function sourceOptions(input: NatsInput, { writer, tag, source, say }: QueueHost) {
  const { stream, consumer, rules, time, sourceHeader, headers, poison } = input;
  let hasSaid = false;
  const onPoison = ({ message }: Error, { subject, sequence, terminated }: PoisonMessage) => {
    if (terminated) writer.refuse();
    const fate = terminated ? 'it is terminated' : 'it will be delivered again';
    if (!hasSaid) say(`ringest: message ${sequence} of ${subject}: ${message}: ${fate}`);
    hasSaid = true;
  };
  return {
    ...{ stream, consumer, headers, poison, onPoison },
    tag: [...rules, { subject: '>', tag }],
    // What is not in the data is when it was stored.
    time: time === 'data' ? ('stored' as const) : time,
    ...(sourceHeader !== undefined && { source: { header: sourceHeader } }),
    ...(sourceHeader === undefined && source !== undefined && { source }),
    restore: input.restores,
    maxDeliveries: input.maxDeliveries,
    maxUnconfirmed: input.maxUnconfirmed,
  };
}

/** Says what of a consumer that somebody else made is not what one expects. */
async function warnOfLimits(
  manager: JetStreamManager,
  input: NatsInput,
  say: (line: string) => void,
): Promise<void> {
  const { config } = await manager.consumers.info(input.stream, input.consumer);
  const { max_deliver = -1 } = config;
  if (max_deliver > 0) {
    say(
      `ringest: the consumer ${input.consumer} has max_deliver ${max_deliver}: the server gives up a message ` +
        'that was delivered so often, such as by processes that were killed',
    );
  }
}

function nameOf({ servers, stream, consumer }: NatsInput): string {
  return `${servers.join(',')} ${stream}/${consumer}`;
}
