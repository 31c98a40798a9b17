import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { JetStreamSink, type NamedEntry, type PublishError } from '@ringest/nats';
import { CommandError } from '../../../errors.js';
import type { Publisher, PublisherCounts, PublisherHost } from '../publisher.js';
import { entryBytesIn, Unstored } from '../unstored.js';
import { NatsLink } from './nats-connection.js';
import type { NatsOutput } from './nats-options.js';
import { createStream, ifThere } from './nats-setup.js';

/** Publishes entries to a JetStream stream, until it has stored them. */
export class NatsPublisher implements Publisher {
  readonly maxEntryBytes: number;
  readonly #link: NatsLink;
  readonly #name: string;
  readonly #host: PublisherHost;
  readonly #sink: JetStreamSink;
  readonly #unstored: Unstored;
  #isClosing = false;

  private constructor(
    link: NatsLink,
    { servers, subject, timeoutMs: timeout }: NatsOutput,
    maxMessageBytes: number,
    host: PublisherHost,
  ) {
    this.#link = link;
    this.#name = servers.join(',');
    this.#host = host;
    this.#unstored = new Unstored(host);
    this.maxEntryBytes = entryBytesIn(maxMessageBytes);
    const onUnstored = (error: PublishError) => this.#fateOf(error);
    const { connection } = link;
    void connection.closed().then((error) => this.#closed(error ?? undefined));
    this.#sink = new JetStreamSink({ connection, subject, timeout, retries: 0, onUnstored });
  }

  /**
   * Connects, makes the stream if it is missing and that is wanted, and looks whether one stores the subject.
   * @throws {UsageError} a file cannot be read
   * @throws {CommandError} the servers or the stream cannot be used
   */
  static async open(output: NatsOutput, host: PublisherHost): Promise<NatsPublisher> {
    return NatsLink.open(output, host, async (link) => {
      const manager = await jetstreamManager(link.connection);
      const stream = await streamOf(manager, output, host);
      const { config } = await manager.streams.info(stream);
      const ofServer = link.connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
      const ofStream = config.max_msg_size > 0 ? config.max_msg_size : Number.POSITIVE_INFINITY;
      return new NatsPublisher(link, output, Math.min(ofServer, ofStream), host);
    });
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  write(entry: NamedEntry): Promise<void> | undefined {
    return this.#sink.write(entry);
  }

  async barrier(): Promise<void> {
    await this.#sink.barrier();
    this.#unstored.clear();
  }

  counts(): PublisherCounts {
    return this.#sink.stats();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#link.connection.close();
  }

  /** The client gives a connection up when the servers refuse it. */
  #closed(error: Error | undefined): void {
    if (this.#isClosing) return;
    const why = error?.message ?? 'the connection is closed';
    this.#host.failed(new CommandError(`${this.#name}: ${why}`, { cause: error }));
  }

  #fateOf(error: PublishError): 'retry' | 'drop' | 'fail' {
    if (this.#isClosing || this.#link.connection.isClosed()) return 'fail';
    return this.#unstored.fateOf(error);
  }
}

/** The name of the stream that stores the subject. */
async function streamOf(
  manager: JetStreamManager,
  output: NatsOutput,
  { tag, say }: PublisherHost,
): Promise<string> {
  const subject = output.subject.replaceAll('{tag}', tag);
  if (output.stream !== undefined) await createStream(manager, output, output.stream, say);
  const found = await ifThere(() => manager.streams.find(subject));
  if (found === undefined) {
    throw new CommandError(
      `no stream stores ${subject}: --nats-create with --nats-stream and --nats-subjects makes one`,
    );
  }
  if (output.stream === undefined || output.stream === found) return found;
  throw new CommandError(
    `${subject} is stored by the stream ${found}, and not by ${output.stream}`,
  );
}
