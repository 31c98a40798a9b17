import { type ConsumerConfig, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { InvalidArgumentError, InvalidTagError } from '@ringest/core';
import { JetStreamSource, type PoisonMessage } from '@ringest/nats';
import { UsageError } from '../../../errors.js';
import type { Queue, QueueCounts, QueueHost } from '../queue.js';
import { RareLines, undatedLine } from '../rare-lines.js';
import { SourceRun } from '../run-source.js';
import { NatsLink } from './nats-connection.js';
import type { NatsInput } from './nats-options.js';
import { createConsumer, createStream } from './nats-setup.js';

/** How long the end waits for a server to hear what was acknowledged, in milliseconds. */
const CLOSE_MS = 2000;

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
      const { config } = await createConsumer(manager, input, input, host.say);
      warnOfLimits(config, input, host.say);
      const source = await openSource(connection, input, host);
      return new NatsQueue(input, connection, manager, source);
    });
  }

  counts(): QueueCounts {
    const { received, acknowledged, redelivered, terminated, retried, undated, unconfirmed } =
      this.#source.stats();
    return {
      pulled: received,
      ...{ acknowledged, redelivered, terminated, unconfirmed },
      returned: retried,
      undated,
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
    // It cannot tell a server that is away what was confirmed.
    await this.#run.stopWithin(CLOSE_MS);
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
  const lines = new RareLines(say);
  const onPoison = ({ message }: Error, { subject, sequence, terminated }: PoisonMessage) => {
    if (terminated) writer.refuse();
    const fate = terminated ? 'it is terminated' : 'it will be delivered again';
    lines.write(`ringest: message ${sequence} of ${subject}: ${message}: ${fate}`);
  };
  const onTrouble = ({ message }: Error) =>
    lines.write(`ringest: ${nameOf(input)}: ${message}: asking again`);
  return {
    ...{ stream, consumer, headers, poison, onPoison, onTrouble },
    onUndated: (value: string | undefined) => lines.write(undatedLine(value, 'of storing')),
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
function warnOfLimits(
  { max_deliver = -1, max_ack_pending = -1 }: ConsumerConfig,
  { consumer, maxUnconfirmed }: NatsInput,
  say: (line: string) => void,
): void {
  if (max_deliver > 0) {
    say(
      `ringest: the consumer ${consumer} has max_deliver ${max_deliver}: the server gives up a message ` +
        'that was delivered so often, such as by processes that were killed',
    );
  }
  if (max_ack_pending > 0 && max_ack_pending < maxUnconfirmed) {
    say(
      `ringest: the consumer ${consumer} has max_ack_pending ${max_ack_pending}: all processes together have no more ` +
        `messages, and --nats-max-unconfirmed ${maxUnconfirmed} for each has no use`,
    );
  }
}

function nameOf({ servers, stream, consumer }: NatsInput): string {
  return `${servers.join(',')} ${stream}/${consumer}`;
}
