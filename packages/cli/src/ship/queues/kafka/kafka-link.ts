import kafkajs, {
  type Admin,
  type Kafka,
  type KafkaConfig,
  type KafkaJSProtocolError,
  type LogEntry,
} from 'kafkajs';
import { CommandError } from '../../../errors.js';
import { type ConnectHost, firstConnection, isAway } from '../first-connection.js';
import { readOptionFile } from '../option-file.js';
import type { KafkaAccess } from './kafka-options.js';
import { KafkaSockets } from './kafka-sockets.js';
import { MessageLog } from './message-log.js';

/** How kafkajs tries again what failed, before sources and sinks do: not for long, so that a process can end. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1000, retries: 2 };

/** A client of the brokers of a cluster, which were there. */
export class KafkaLink {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #name: string;
  readonly #sockets: KafkaSockets;

  private constructor(name: string, kafka: Kafka, admin: Admin, sockets: KafkaSockets) {
    this.#name = name;
    this.kafka = kafka;
    this.admin = admin;
    this.#sockets = sockets;
  }

  /**
   * Connects, and waits for brokers that are away, or go away while `begin` asks them.
   * @param begin what a user of the link asks before anything else. The link is closed if that fails
   * @throws {UsageError} a file cannot be read
   * @throws {CommandError} the brokers refuse it, or none came in time
   * @throws the reason of the signal
   */
  static async open<Opened>(
    access: KafkaAccess,
    host: ConnectHost,
    begin: (link: KafkaLink) => Promise<Opened>,
  ): Promise<Opened> {
    const name = access.brokers.join(',');
    const log = new MessageLog(host.say);
    const sockets = new KafkaSockets();
    const options = { ...optionsOf(access), socketFactory: sockets.make };
    const logCreator = () => (entry: LogEntry) => {
      if (!sockets.isClosed) log.write(entry);
    };
    const kafka = new kafkajs.Kafka({
      ...options,
      logLevel: kafkajs.logLevel.ERROR,
      logCreator,
    });
    // What is waited for here is not told of in the log of the client.
    const quiet = new kafkajs.Kafka({ ...options, logLevel: kafkajs.logLevel.NOTHING });
    const open = async () => {
      const admin = quiet.admin({ retry: { retries: 0 } });
      const end = () => sockets.close();
      host.signal.addEventListener('abort', end);
      try {
        await admin.connect();
        return await begin(new KafkaLink(name, kafka, admin, sockets));
      } catch (error) {
        // It keeps the connection to a broker that has refused it.
        await admin.disconnect();
        throw error;
      } finally {
        host.signal.removeEventListener('abort', end);
      }
    };
    return firstConnection(name, open, mayAnswerLater, host);
  }

  /**
   * @throws {CommandError} the cluster does not have a topic
   * @throws what the client throws when it gets no answer, or one that is about to change
   */
  async checkTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      try {
        // One at a time: kafkajs does not say which of several an answer is about. It makes no topic.
        await this.admin.fetchTopicMetadata({ topics: [topic] });
      } catch (error) {
        if (answerOf(error)?.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        const problem = `${this.#name}: there is no topic ${topic}: make it first`;
        throw new CommandError(problem, { cause: error });
      }
    }
  }

  /** Closes all connections, also those of its client. Requests that are not answered fail. */
  async close(): Promise<void> {
    const disconnected = this.admin.disconnect();
    this.#sockets.close();
    await disconnected;
  }
}

/** What brokers have answered, if an error is about that. kafkajs wraps it when it has tried more than once. */
function answerOf(error: unknown): KafkaJSProtocolError | undefined {
  if (!(error instanceof Error)) return undefined;
  return error instanceof kafkajs.KafkaJSProtocolError ? error : answerOf(error.cause);
}

/** Whether brokers may be there later, or have another answer later, as after the election of a leader. */
const mayAnswerLater = (error: unknown): boolean =>
  isBrokerAway(error) || answerOf(error)?.retriable === true;

/** Whether an error is about brokers that may be there later. */
export function isBrokerAway(error: unknown): boolean {
  if (isAway(error)) return true;
  const { cause = error } = error as Error;
  // One that is closed, or takes too long, has no code. One that is refused, such as for its certificate, has.
  const { KafkaJSConnectionError, KafkaJSRequestTimeoutError } = kafkajs;
  return (
    cause instanceof KafkaJSRequestTimeoutError ||
    (cause instanceof KafkaJSConnectionError && (cause as NodeJS.ErrnoException).code === undefined)
  );
}

function optionsOf({ brokers, sasl, usesTls, tls }: KafkaAccess): KafkaConfig {
  const { ca, cert, key } = tls;
  const ssl = {
    ...(ca !== undefined && { ca: readOptionFile('--kafka-ca', ca) }),
    ...(cert !== undefined && { cert: readOptionFile('--kafka-cert', cert) }),
    ...(key !== undefined && { key: readOptionFile('--kafka-key', key) }),
  };
  return {
    clientId: 'ringest-ship',
    brokers: [...brokers],
    retry: RETRY,
    ...(usesTls && { ssl }),
    ...(sasl !== undefined && { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
  };
}
